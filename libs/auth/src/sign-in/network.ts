import { isIP } from 'node:net';

/**
 * The network that failed sign-ins are counted by: the /24 of an IPv4 address, the /48 of an IPv6 one,
 * in one canonical spelling. An IPv4 address written as IPv6 counts as what it is.
 * @returns `unknown` for what is no address, so that whoever hides it shares one counter
 */
export function networkOf(address: string | undefined): string {
  const bare = (address ?? '').split('%', 1)[0] ?? '';
  if (isIP(bare) === 4) return ipv4Network(bare);
  if (isIP(bare) !== 6) return 'unknown';
  const groups = groupsOf(bare);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return ipv4Network(dotted(groups[6] ?? 0, groups[7] ?? 0));
  return `${groups
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')}::/48`;
}

function ipv4Network(address: string): string {
  return `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

/** The eight 16-bit groups of a valid IPv6 address; the URL parser knows all of its spellings. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::', 2);
  const before = parseGroups(head);
  const after = tail === undefined ? [] : parseGroups(tail);
  const gap = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...gap, ...after];
}

function parseGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
