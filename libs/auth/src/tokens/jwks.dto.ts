import { ApiProperty } from '@nestjs/swagger';

/** The public keys of access tokens (RFC 7517). */
export class JwkSetDto {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [
      { kty: 'EC', crv: 'P-256', x: '…', y: '…', kid: 'sgk_01JCZK5V4W8Q2M7N9P3R6T1XYZ', alg: 'ES256', use: 'sig' },
    ],
  })
  keys!: Readonly<Record<string, unknown>>[];
}
