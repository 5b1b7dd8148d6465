interface Format {
  /** Finds such a text in the conversation. */
  readonly expression: RegExp;
  /** Stands in where there is none: names and numbers that are reserved for examples. */
  readonly otherwise: string;
}

/** Formats of JSON Schema strings (2020-12, section 7.3) that prose would not fit. */
export const FORMATS: Readonly<Record<string, Format>> = {
  'date-time': { expression: /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/, otherwise: '1970-01-01T00:00:00Z' },
  date: { expression: /\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b/, otherwise: '1970-01-01' },
  time: { expression: /\b(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ/, otherwise: '00:00:00Z' },
  duration: { expression: /\bPT\d+[HMS]\b/, otherwise: 'PT0S' },
  email: { expression: /\b[a-z0-9][a-z0-9._-]*@[a-z0-9-]+\.[a-z]{2,}\b/i, otherwise: 'nobody@example.invalid' },
  uri: { expression: /\bhttps?:\/\/[\w.-]+(?:\/[\w./-]*)?/, otherwise: 'https://example.invalid/' },
  hostname: { expression: /\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b/, otherwise: 'example.invalid' },
  ipv4: { expression: /\b192\.0\.2\.\d{1,2}\b/, otherwise: '192.0.2.1' },
  ipv6: { expression: /\b2001:db8::[0-9a-f]{1,4}\b/, otherwise: '2001:db8::1' },
  uuid: {
    expression: /\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/i,
    otherwise: '00000000-0000-4000-8000-000000000000',
  },
};
