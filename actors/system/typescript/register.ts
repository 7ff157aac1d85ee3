/**
 * Lets this process import TypeScript with no build step: `--import <url of this file>`, or `import` it before
 * the first `.ts` module. Types are stripped as Node's own type stripping does it (amaro), so line numbers
 * hold and Node 20 is enough.
 */
import { register } from 'node:module'

// Hooks run in a thread of their own, which loads JavaScript alone: sources under test use the built ones.
const hooks = import.meta.url.endsWith('.ts')
  ? '../../../dist/actors/system/typescript/hooks.js'
  : './hooks.js'
register(new URL(hooks, import.meta.url))
