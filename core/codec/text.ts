/** True when no surrogate stands alone: what UTF-8 can carry. Native, and constant time for one-byte strings. */
export const isWellFormed = (text: string): boolean =>
  // ES2024; in every Node that the engine runs on, not yet in the `lib` of TypeScript's es2023.
  (text as unknown as { isWellFormed(): boolean }).isWellFormed()
