export { CodecError } from './error.ts'
export { checkValue, encodeBatch, encodeMessage, encodeValue } from './encode.ts'
export { decodeBatch, decodeValue } from './decode.ts'
export { freezeDeep } from './freeze.ts'
