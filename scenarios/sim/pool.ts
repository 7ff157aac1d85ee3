/** Child processes that simulate: one a core, and never for so long that what they keep could grow. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Share, ShareAnswer } from './share.ts'

/** Shares that one child works on: it gets faster for the first few, and is replaced before it is large. */
const sharesMax = 120

/** Answers come as they are ready. A child that ends is an answer too, and another takes its place. */
export async function simulateShares(
  shares: Iterable<Share>,
  options: { readonly children: number; readonly answer: (share: Share, answer: ShareAnswer) => void },
): Promise<void> {
  const open = shares[Symbol.iterator]()
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined
    let done = 0
    for (let next = open.next(); next.done !== true; next = open.next()) {
      child ??= startChild()
      const answer = await ask(child, next.value)
      options.answer(next.value, answer)
      done += 1
      if (child.connected && done % sharesMax !== 0) continue
      child.kill()
      child = undefined
    }
    child?.kill()
  }
  await Promise.all(Array.from({ length: options.children }, work))
}

const startChild = (): ChildProcess =>
  fork(fileURLToPath(new URL('./share.js', import.meta.url)), { execArgv: ['--max-semi-space-size=128'] })

function ask(child: ChildProcess, share: Share): Promise<ShareAnswer> {
  return new Promise((resolve) => {
    const end = (answer: ShareAnswer): void => {
      child.removeAllListeners('message').removeAllListeners('exit')
      resolve(answer)
    }
    child.once('message', (message) => end(message as ShareAnswer))
    child.once('exit', (code, signal) =>
      end({ kind: 'failed', message: `the process ended with ${code ?? signal}` }),
    )
    child.send(share)
  })
}
