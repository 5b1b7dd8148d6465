import pg from 'pg';

const INT8 = 20;

/** int8 as number: sequence numbers and counts stay far below 2^53. Everything else as node-postgres has it. */
export const typeParsers = new pg.TypeOverrides();
typeParsers.setTypeParser(INT8, Number);

/** Reads one column of an answer, as the server wrote it. */
export type ColumnParser = (text: string) => unknown;

export function parserOf(dataTypeID: number): ColumnParser;
export function parserOf(dataTypeID: number): unknown {
  const config: pg.CustomTypesConfig = typeParsers;
  const parser: unknown = config.getTypeParser(dataTypeID, 'text');
  return parser;
}
