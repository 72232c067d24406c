/**
 * The kinds of values that keys have, as zod schemas: what each accepts and how it says what is wrong.
 *
 * @module
 */

import { z } from "zod";
import { nearest } from "./nearest.ts";
import { quote, ValueError } from "./value_error.ts";

/** Any string. */
export const text = z.string({ error: expected("a string") });

/** True or false. */
export const flag = z.boolean({ error: expected("true or false") });

/** A message for a value of a wrong type; it goes behind the name of the key. */
export function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) =>
    input === undefined ? "is missing" : `must be ${what}, not ${kindOf(input)}`;
}

/** A whole number within bounds, which are included. */
export function integer(least: number, most: number) {
  const range = `must be from ${least} to ${most}`;
  return z.int({ error: expected("an integer") }).min(least, range).max(most, range);
}

/** An array that is not empty. */
export function list<T extends z.ZodType>(element: T, what: string) {
  return filled(element, `an array of ${what} in square brackets`);
}

/** Tables, at least one, that `heading` stands above each of. */
export function tables<T extends z.ZodType>(table: T, heading: string) {
  return filled(table, `an array of tables, each under ${heading}`);
}

function filled<T extends z.ZodType>(element: T, what: string) {
  return z.array(element, { error: expected(what) }).min(1, "must not be empty");
}

/**
 * An array that is not empty, in which nothing comes twice. `identities` tells what an element stands for. Elements that
 * cannot be read do not keep the others from being compared.
 *
 * @param name how a message calls an element by its identity
 */
export function distinctList<T extends z.ZodType>(
  element: T,
  what: string,
  identities: (value: z.output<T>) => readonly string[],
  name: (identity: string) => string = quote,
) {
  return list(element, what).superRefine((values, context) => {
    const unread = new Set(context.issues.map(({ path }) => path?.[0]));
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      if (unread.has(index)) continue;
      const ids = identities(value);
      const twice = ids.find((id) => seen.has(id));
      if (twice !== undefined) {
        report(
          context,
          new ValueError(`${name(twice)} is listed twice`, "Remove one of the two", index),
        );
      }
      for (const id of ids) seen.add(id);
    }
  }, { when: ({ value }) => Array.isArray(value) });
}

/** One address or an array; duplicates are dropped, as rpxy-l4 does. */
export function addressOrList(parse: (text: string) => string, wildcard: string) {
  const address = reading(text, parse);
  return z.union([address, list(address, "addresses")], {
    error: expected("an address or an array of addresses"),
  }).transform((value, context) => {
    const addresses = [...new Set([value].flat())];
    if (addresses.length > 1 && addresses.includes(wildcard)) {
      report(
        context,
        new ValueError(
          `"${wildcard}" means every address and cannot stand beside others`,
          `Keep "${wildcard}" alone, or remove it`,
          [value].flat().indexOf(wildcard),
        ),
      );
    }
    return addresses;
  });
}

/** One of `values`, in whatever letter case. */
export function choice<const T extends string>(
  values: readonly T[],
  options: {
    readonly aliases?: Record<string, T>;
    readonly hints?: Record<string, string>;
    /** For words that no hint is for and that are like none of the values. */
    readonly otherwise?: string;
  } = {},
) {
  const known = new Map<string, T>(values.map((value) => [value, value]));
  for (const [alias, value] of Object.entries(options.aliases ?? {})) known.set(alias, value);
  const hints = new Map(Object.entries(options.hints ?? {}));
  return reading(text.meta({ enum: [...known.keys()] }), (value) => {
    const word = value.toLowerCase();
    const found = known.get(word);
    if (found !== undefined) return found;
    const near = nearest(word, values);
    throw new ValueError(
      `${quote(value)} is not one of ${values.join(", ")}`,
      hints.get(word) ?? (near === null ? options.otherwise : `Did you mean "${near}"?`),
    );
  });
}

/** A schema whose value is read on by `parse`, whose {@linkcode ValueError} becomes an issue. */
export function reading<I extends z.ZodType, O>(schema: I, parse: (value: z.output<I>) => O) {
  return schema.transform((value, context) => read(context, parse, value));
}

function read<I, O>(context: z.RefinementCtx, parse: (value: I) => O, value: I): O {
  try {
    return parse(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    report(context, error);
    return z.NEVER;
  }
}

function report(context: z.RefinementCtx, { message, hint, index }: ValueError): void {
  context.addIssue({
    code: "custom",
    message,
    params: { hint },
    path: index === null ? [] : [index],
  });
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a date";
  switch (typeof value) {
    case "string":
      return "a string";
    case "number":
      return Number.isInteger(value) ? `the integer ${value}` : `the number ${value}`;
    case "boolean":
      return String(value);
    default:
      return "a table";
  }
}
