/**
 * Arguments of the long campaigns (`npm run sim`, `mutants`, `chaos`, `fuzz`): wrong ones cost no time, and are answered
 * with what would be right. Exit code 2 for these, 0 for `--help`.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<Chosen extends Options> = ReturnType<typeof parseArgs<{ options: Chosen }>>['values']

export interface CommandLine {
  read<const Chosen extends Options>(options: Chosen): Values<Chosen>
  whole(name: string, text: string, min?: number): number
  refuse(message: string): never
}

export function commandLine(usage: string): CommandLine {
  const refuse = (message: string): never => {
    process.stderr.write(`${message}\nusage: ${usage}\n`)
    process.exit(2)
  }
  return {
    refuse,
    read<const Chosen extends Options>(options: Chosen) {
      if (process.argv.includes('--help')) {
        process.stdout.write(`usage: ${usage}\n`)
        process.exit(0)
      }
      try {
        return parseArgs({ options }).values
      } catch (error) {
        return refuse(error instanceof Error ? error.message : String(error))
      }
    },
    whole(name, text, min = 1) {
      const value = Number(text)
      if (Number.isSafeInteger(value) && value >= min) return value
      return refuse(`--${name} must be a whole number ≥ ${min}, got ${JSON.stringify(text)}`)
    },
  }
}
