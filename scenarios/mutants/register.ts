/** `--import` of a process that runs a mutated engine: `MUTANT_EDITS` holds what to change. */
import { register } from 'node:module'

register(new URL('./hooks.js', import.meta.url), {
  data: JSON.parse(process.env.MUTANT_EDITS ?? '[]') as unknown,
})
