const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The 64-bit network of an IPv6 address as four groups; what is no address stays what it is. */
function network64(address: string): string {
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back].slice(0, 4);
  return `${groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/** What an address counts as: IPv4 as it is (mapped into IPv6 too), IPv6 as its /64, which one household has. */
export function countedAddress(address: string): string {
  if (!address.includes(':')) return address;
  return MAPPED.exec(address)?.[1] ?? network64(address);
}
