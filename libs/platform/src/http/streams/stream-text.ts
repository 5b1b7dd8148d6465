/**
 * Text as it is to be written where somebody looks at what waits: a stream counts a waiting string by its characters.
 * Text that has more bytes than characters goes as bytes, which it would become below in any case.
 */
export function streamText(text: string): string | Buffer {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
}
