import { flow, fromArray, toConsole } from 'millrace'
const hello = flow('hello')
hello
  .source('names', fromArray(['ada', 'grace']))
  .map('greet', (name: string) => `hello, ${name}`)
  .sink('print', toConsole())
export default hello
