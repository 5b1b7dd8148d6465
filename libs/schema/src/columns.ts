import type { ColumnType, JSONColumnType } from 'kysely';

/** int8 columns are parsed to numbers: sequence numbers stay far below 2^53. */
export type Bigint = ColumnType<number, number, number>;
export type Timestamp = ColumnType<Date, Date, Date>;
/** jsonb that is parsed before it is trusted; written as JSON text. */
export type Json = ColumnType<unknown, string, string>;
export type DefaultJson = ColumnType<unknown, string | undefined, string>;
export type JsonObject = JSONColumnType<Record<string, unknown>>;
export type DefaultJsonObject = ColumnType<Record<string, unknown>, string | undefined, string>;
