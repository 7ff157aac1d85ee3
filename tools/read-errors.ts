/** The error codes of a source, read from its syntax. */
import ts from 'typescript'

/** Where a code is raised; `retry` undefined where the class is not written at that place. */
export interface RaisedCode {
  readonly code: string
  readonly retry: readonly string[] | undefined
}

/** What the constructor of an error class settles for every error of it. */
export interface ErrorKind {
  /** The class that it passes on, if it is written there. */
  readonly retry: string | undefined
  /** A caller's options may say another. */
  readonly open: boolean
  /** The code, where the class has one of its own. */
  readonly code: string | undefined
}

export interface ReadErrors {
  readonly raised: readonly RaisedCode[]
  /** Codes in types: what a union promises. */
  readonly declared: readonly string[]
}

const codeLike = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/
const word = /^[A-Z]{3,}$/
const ofTheSystem = /^(E[A-Z0-9]+|ERR_\w+|MILLRACE_\w+)$/

const parse = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => visit(child, see))
}

/** The error classes of a source that have a constructor. */
export function readErrorKinds(path: string, text: string): ReadonlyMap<string, ErrorKind> {
  const kinds = new Map<string, ErrorKind>()
  visit(parse(path, text), (node) => {
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.SuperKeyword) return
    const name = ts.findAncestor(node, ts.isClassDeclaration)?.name?.text
    const options = node.arguments.at(-1)
    const [code] = node.arguments
    if (!name?.endsWith('Error') || options === undefined || !ts.isObjectLiteralExpression(options)) return
    kinds.set(name, {
      retry: classesIn(options)?.[0],
      open: options.properties.some(
        (property) => ts.isSpreadAssignment(property) && ts.isIdentifier(property.expression),
      ),
      code: code && ts.isStringLiteral(code) ? code.text : undefined,
    })
  })
  return kinds
}

export function readErrors(path: string, text: string, kinds: ReadonlyMap<string, ErrorKind>): ReadErrors {
  const raised: RaisedCode[] = []
  const declared: string[] = []
  visit(parse(path, text), (node) => {
    if (!ts.isStringLiteral(node) || !isCode(node)) return
    if (ts.isLiteralTypeNode(node.parent)) declared.push(node.text)
    else if (!isMention(node)) raised.push({ code: node.text, retry: classesOf(node, kinds) })
  })
  return { raised, declared }
}

/** Words without `_` count only where nothing but a code can stand. */
function isCode({ text, parent }: ts.StringLiteral): boolean {
  if (ofTheSystem.test(text)) return false
  if (codeLike.test(text)) return true
  if (!word.test(text)) return false
  if (ts.isPropertyAssignment(parent)) return parent.name.getText() === 'code'
  if (ts.isNewExpression(parent)) return parent.expression.getText().endsWith('Error')
  return ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.SuperKeyword
}

/** Compared with, listed, looked for, or the name of a variable of the environment. */
const isMention = ({ parent }: ts.Node): boolean =>
  ts.isBinaryExpression(parent) ||
  ts.isArrayLiteralExpression(parent) ||
  ts.isCaseClause(parent) ||
  ts.isElementAccessExpression(parent) ||
  (ts.isPropertyAssignment(parent) && parent.name.getText() !== 'code') ||
  (ts.isCallExpression(parent) && isMethodOfAnother(parent.expression))

/** `rules.push(…)`, and not `this.fail(…)`. */
const isMethodOfAnother = (called: ts.Expression): boolean =>
  ts.isPropertyAccessExpression(called) && called.expression.kind !== ts.SyntaxKind.ThisKeyword

function classesOf(code: ts.StringLiteral, kinds: ReadonlyMap<string, ErrorKind>): RaisedCode['retry'] {
  const { parent } = code
  if (ts.isPropertyAssignment(parent)) return classesIn(parent.parent)
  if (!ts.isNewExpression(parent) && !ts.isCallExpression(parent)) return undefined
  const options = parent.arguments?.slice(2).at(-1)
  const written = options && ts.isObjectLiteralExpression(options) ? classesIn(options) : undefined
  if (!ts.isNewExpression(parent)) return written
  const kind = kinds.get(parent.expression.getText())
  if (kind?.retry === undefined) return written
  if (!kind.open || !mayHoldClass(options)) return [kind.retry]
  return written
}

/** Options that are put together elsewhere may bring a class along; those written out do not, if none is there. */
function mayHoldClass(options: ts.Expression | undefined): boolean {
  if (options === undefined) return false
  if (ts.isIdentifier(options)) return true
  if (!ts.isObjectLiteralExpression(options)) return false
  return options.properties.some(
    (property) => ts.isSpreadAssignment(property) || property.name?.getText() === 'retry',
  )
}

/** The classes that `retry: …` in an object may give: one, or both of a choice. */
function classesIn(options: ts.Node): readonly string[] | undefined {
  if (!ts.isObjectLiteralExpression(options)) return undefined
  const given = options.properties.find(
    (property): property is ts.PropertyAssignment =>
      ts.isPropertyAssignment(property) && property.name.getText() === 'retry',
  )?.initializer
  if (given === undefined) return undefined
  const choices = ts.isConditionalExpression(given) ? [given.whenTrue, given.whenFalse] : [given]
  const classes = choices.filter(ts.isStringLiteral).map(({ text }) => text)
  return classes.length === choices.length ? classes : undefined
}
