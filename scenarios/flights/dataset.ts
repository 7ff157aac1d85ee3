/** What the scenario needs beside the package: the data set and DuckDB, both development dependencies. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as DuckDb from '@duckdb/node-api'
import { MillraceError } from '../../index.ts'

const require = createRequire(import.meta.url)

/** 3,000,000 US flights of 2001: `flights-3m.parquet` of the package vega-datasets. */
export function flightsFile(): string {
  try {
    // Its exports hide package.json and data/; the entry point is in build/.
    return join(dirname(require.resolve('vega-datasets')), '../data/flights-3m.parquet')
  } catch (cause) {
    throw missing('vega-datasets', cause)
  }
}

export async function loadDuckDb(): Promise<typeof DuckDb> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw missing('@duckdb/node-api', cause)
  }
}

const missing = (name: string, cause: unknown): MillraceError =>
  new MillraceError('DEPENDENCY_MISSING', `scenario flights needs the package ${name}: npm install ${name}`, {
    retry: 'fatal',
    cause,
  })
