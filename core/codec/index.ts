export { CodecError } from './error.ts'
export { checkValue, encodeBatch, encodeMessage, encodeRows, encodeValue } from './encode.ts'
export { decodeBatch, decodeValue } from './decode.ts'
export { freezeDeep } from './freeze.ts'
