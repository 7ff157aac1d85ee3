/** In a child of `npm run nexmark -- --simulate`: one share of the seeds, reported to the parent. */
import type { Share, ShareAnswer } from './harness/simulate-queries.ts'
import { simulateQuery } from './simulation.ts'

async function answer(share: Share): Promise<ShareAnswer> {
  try {
    const { schedules, violations, counts } = await simulateQuery(share)
    return { schedules, violations, counts }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

const answered = await answer(JSON.parse(process.argv[2] ?? '') as Share)
process.send?.(answered, () => process.disconnect())
