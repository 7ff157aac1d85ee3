/** How a round's paths reach `flow.ts` in every process. */
import { MillraceError } from '../../index.ts'
import type { BankPaths } from './bank.ts'

const variable = 'MILLRACE_CHAOS_BANK'

export function pathsFromEnvironment(): BankPaths {
  const text = process.env[variable]
  if (text !== undefined && text !== '') return JSON.parse(text) as BankPaths
  throw new MillraceError('ENVIRONMENT', `${variable} must be set; the rounds do it: npm run chaos`, {
    retry: 'fatal',
  })
}

export const pathsToEnvironment = (paths: BankPaths): NodeJS.ProcessEnv => ({
  [variable]: JSON.stringify(paths),
})
