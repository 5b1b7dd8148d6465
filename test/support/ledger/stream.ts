export interface StreamItem {
  /** The `id:` line: only logged events have one. */
  readonly id: number | undefined;
  readonly event: string;
  readonly data: unknown;
}

/** Reads server-sent events until the stream ends. @throws what breaks it, and what `hear` throws */
export async function readStream(response: Response, hear: (item: StreamItem) => void): Promise<void> {
  if (response.body === null) throw new Error('the answer has no body');
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of response.body) {
    rest += decoder.decode(bytes, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const item = parseBlock(block);
      if (item !== undefined) hear(item);
    }
  }
}

/** Undefined for comments, which keep the line open. */
function parseBlock(block: string): StreamItem | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return { id: id === undefined ? undefined : Number(id), event: fields.get('event') ?? '', data: JSON.parse(data) };
}
