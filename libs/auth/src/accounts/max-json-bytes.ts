import { ValidateBy, type ValidationOptions } from 'class-validator';

/** A free object whose JSON has at most that many bytes in UTF-8. */
export const MaxJsonBytes = (bytes: number, options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'maxJsonBytes',
      validator: {
        validate: (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '') <= bytes,
        defaultMessage: () => `$property must have at most ${bytes} bytes as JSON`,
      },
    },
    options,
  );
