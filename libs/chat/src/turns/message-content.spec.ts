import { validateSync } from 'class-validator';
import { IsMessageContent, readContent } from './message-content.js';

class Bearer {
  @IsMessageContent()
  content: unknown;
}

const MEDIA = 'med_01ARZ3NDEKTSV4RRFFQ69G5FAV';

function faults(content: unknown): string[] {
  const bearer = new Bearer();
  bearer.content = content;
  return validateSync(bearer).map((fault) => fault.property);
}

describe('the content of a message', () => {
  it.each([
    ['a text'],
    ['<script>alert(1)</script>'],
    [[{ type: 'text', text: 'a' }]],
    [
      [
        { type: 'media', media_id: MEDIA },
        { type: 'text', text: 'b' },
      ],
    ],
  ])('may be %j', (content) => {
    expect(faults(content)).toEqual([]);
  });

  it.each([
    [undefined],
    [null],
    [42],
    [{}],
    [[]],
    [[{ type: 'text' }]],
    [[{ type: 'text', text: '' }]],
    [[{ type: 'text', text: 'a', onclick: 'b' }]],
    [[{ type: 'media', media_id: '../../etc' }]],
    [[{ type: 'image', url: 'http://x' }]],
    [Array.from({ length: 51 }, () => ({ type: 'text', text: 'a' }))],
    [['a']],
  ])('may not be %j', (content) => {
    expect(faults(content)).toEqual(['content']);
  });

  it('is read as text, the parts where there were some, and the media they name', () => {
    const parts = [
      { type: 'text' as const, text: 'one' },
      { type: 'media' as const, media_id: MEDIA },
      { type: 'text' as const, text: 'two' },
    ];
    expect(readContent(parts)).toEqual({ text: 'one\n\ntwo', parts, media: [{ media_id: MEDIA }] });
    expect(readContent('one')).toEqual({ text: 'one', parts: null, media: [] });
  });
});
