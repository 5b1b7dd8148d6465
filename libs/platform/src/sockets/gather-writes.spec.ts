import { Writable } from 'node:stream';
import { gatherWrites } from './gather-writes.js';

/** Writes down what reaches the system at once. */
class Wire extends Writable {
  readonly calls: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls.push(chunk.toString());
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.calls.push(chunks.map(({ chunk }) => chunk.toString()).join('|'));
    done();
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('sends what is written in one tick at once, in order, and the next tick on its own', async () => {
  const wire = new Wire();
  for (const text of ['a', 'b', 'c']) {
    gatherWrites(wire);
    wire.write(text);
  }
  expect(wire.calls).toEqual([]);
  await tick();
  expect(wire.calls).toEqual(['a|b|c']);
  gatherWrites(wire);
  wire.write('d');
  await tick();
  wire.write('e');
  expect(wire.calls).toEqual(['a|b|c', 'd', 'e']);
});

it('takes part in what microtasks of the same tick write', async () => {
  const wire = new Wire();
  gatherWrites(wire);
  wire.write('a');
  await Promise.resolve();
  gatherWrites(wire);
  wire.write('b');
  await tick();
  expect(wire.calls.join('|')).toBe('a|b');
  expect(wire.writableLength).toBe(0);
});

it('leaves alone what was destroyed meanwhile', async () => {
  const wire = new Wire();
  gatherWrites(wire);
  wire.write('a');
  wire.destroy();
  await tick();
  expect(wire.calls).toEqual([]);
});
