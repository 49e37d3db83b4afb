/** One reader of what strangers send, and the worst that gets to it. */
export interface Case {
  readonly name: string
  /** Reads it. May throw one of the errors by which readers refuse. */
  read(): unknown
}

/** @param inputs by their names, each as large as the reader is ever handed, or larger */
export const cases = <Input>(
  reader: string,
  read: (input: Input) => unknown,
  inputs: Readonly<Record<string, Input>>,
): readonly Case[] =>
  Object.entries(inputs).map(([name, input]) => ({ name: `${reader}: ${name}`, read: () => read(input) }))
