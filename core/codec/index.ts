export { CodecError } from './error.ts'
export { checkValue, encodeBatch, encodeValue } from './encode.ts'
export { decodeBatch, decodeValue } from './decode.ts'
export { freezeDeep } from './freeze.ts'
