import { ValidateBy, type ValidationOptions } from 'class-validator';
import { z } from 'zod';

const MEDIA_ID = /^med_[0-9A-Z]{26}$/;
const part = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1).max(32_000) }),
  z.strictObject({ type: z.literal('media'), media_id: z.string().regex(MEDIA_ID) }),
]);
const content = z.union([z.string(), z.array(part).min(1).max(50)]);

export type MessageContent = z.infer<typeof content>;

/**
 * The shape of `content`: text, or parts. How long the text may be is the use case's rule, and is
 * judged with its settings.
 */
export function IsMessageContent(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isMessageContent',
      validator: {
        validate: (value: unknown) => content.safeParse(value).success,
        defaultMessage: () => 'content is text, or a list of parts {type: "text", text} and {type: "media", media_id}',
      },
    },
    options,
  );
}

/** The text of a message, its parts where it was sent as such, and the media it names. */
export function readContent(value: MessageContent): {
  readonly text: string;
  readonly parts: readonly Readonly<Record<string, string>>[] | null;
  readonly media: readonly { readonly media_id: string }[];
} {
  if (typeof value === 'string') return { text: value, parts: null, media: [] };
  return {
    text: value.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join('\n\n'),
    parts: value,
    media: value.flatMap((one) => (one.type === 'media' ? [{ media_id: one.media_id }] : [])),
  };
}
