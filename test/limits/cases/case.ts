/** A parser of strangers' input, with its worst case. */
export interface Case {
  readonly name: string
  /** Runs the parser, which may throw one of the errors that stand for a refusal. */
  read(): unknown
}

/** @param inputs named inputs, each at least as large as the parser ever gets */
export const cases = <Input>(
  reader: string,
  read: (input: Input) => unknown,
  inputs: Readonly<Record<string, Input>>,
): readonly Case[] =>
  Object.entries(inputs).map(([name, input]) => ({ name: `${reader}: ${name}`, read: () => read(input) }))
