import { z } from 'zod';

/** RFC 3339 in UTC, with `Z` and at most milliseconds, as `toRfc3339` writes it. Bounds each field; the length of months is not looked at. */
export const instantSchema = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/);
