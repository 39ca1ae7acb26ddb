/** Whether only this machine can reach a host that is listened on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host) || host === "::ffff:127.0.0.1";
}

/** Whether a host that is listened on stands for all of the machine's addresses. */
export function isEveryAddress(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::" || host === "*";
}

/** Whether what is sent to, or listens on, one host can meet what listens on the other, the port being the same. */
export function hostsMeet(left: string, right: string): boolean {
  if (isEveryAddress(left) || isEveryAddress(right)) return true;
  return (
    left.toLowerCase() === right.toLowerCase() || (isLoopback(left) && isLoopback(right) && namesLocalhost(left, right))
  );
}

/** `localhost` is 127.0.0.1 and ::1, and not another address in 127.0.0.0/8. */
function namesLocalhost(left: string, right: string): boolean {
  const usual = ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1"];
  return (left === "localhost" && usual.includes(right)) || (right === "localhost" && usual.includes(left));
}
