import { transformSync } from 'amaro'

/** TypeScript as JavaScript of the same lines and columns. Throws a SyntaxError that names the file. */
export function stripTypes(source: string, file: { readonly path: string; readonly url: string }): string {
  try {
    const { code } = transformSync(source, { mode: 'strip-only' })
    return `${code}\n//# sourceURL=${file.url}`
  } catch (cause) {
    throw refusal(file.path, typeof cause === 'string' ? cause : String(cause))
  }
}

/** The parser throws text with a picture of the place: the message, and the line where it points. */
function refusal(path: string, found: string): SyntaxError {
  // The picture gives the line in its frame, or, in a file of one line, beside the text.
  const line = /^\s*,-\[(\d+):/m.exec(found)?.[1] ?? /^\s*(\d+) \|/m.exec(found)?.[1]
  const message = /^\s*x (.*)$/m.exec(found)?.[1] ?? found.trim()
  const where = line === undefined ? path : `${path}:${line}`
  const unsupported = message.includes('not supported in strip-only mode')
  const advice = unsupported
    ? 'only types that can be erased run without a build step: replace it with plain JavaScript (an object for an enum, a field and an assignment for a parameter property, a module for a namespace), or run the compiled file'
    : 'mend the syntax'
  const error = new SyntaxError(`${where}: ${message.replace(' in strip-only mode', '')}; ${advice}`)
  return Object.assign(error, { code: unsupported ? 'TYPESCRIPT_UNSUPPORTED' : 'TYPESCRIPT_SYNTAX' })
}
