/** A fault planted in the engine's own source, to see whether the simulation notices. */

export interface Mutant {
  /** Short and stable: `npm run mutants -- --only <id>`. */
  readonly id: string
  /** The numbered invariant of the design that it breaks. */
  readonly invariant: string
  /** What the broken engine does. */
  readonly what: string
  readonly edits: readonly Edit[]
  /** Why the simulation cannot be expected to notice; such a mutant counts as a survivor all the same. */
  readonly survives?: string
}

export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  /** Occurs once in the file. */
  readonly find: string
  readonly replace: string
}

/** The source with all edits of this file made. Throws when one does not fit: the engine changed under it. */
export function mutate(source: string, file: string, edits: readonly Edit[]): string {
  let mutated = source
  for (const { find, replace } of edits.filter((edit) => edit.file === file)) {
    const parts = mutated.split(find)
    if (parts.length !== 2) {
      throw new Error(`${file} should hold once, and holds ${parts.length - 1} times:\n${find}`)
    }
    mutated = parts.join(replace)
  }
  return mutated
}

/** For mutants of one edit. */
export const edit = (file: string, find: string, replace: string): readonly Edit[] => [
  { file, find, replace },
]
