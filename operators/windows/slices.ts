/**
 * Arithmetic of fixed windows, and the slices that overlapping ones share. Window edges cut time into slices; no
 * edge lies within one, so a window is a run of whole slices and a record updates only one. A slide has at most
 * two slices, also where it does not divide the size: paired windows of Krishnamurthy, Wu, Franklin, "On-the-fly
 * sharing for streamed aggregation" (SIGMOD 2006), section 4.
 */
import type { FixedWindows } from './assigners.ts'

export class Slices {
  private readonly sizeMs: number
  private readonly slideMs: number
  private readonly offsetMs: number
  /** How far the last window that ends within a slide reaches into it; 0 where slides divide the size. */
  private readonly restMs: number

  constructor({ sizeMs, slideMs, offsetMs }: FixedWindows) {
    this.sizeMs = sizeMs
    this.slideMs = slideMs
    this.offsetMs = offsetMs
    this.restMs = sizeMs % slideMs
  }

  /** Start of the slice that holds a time. */
  startOf(atMs: number): number {
    const base = this.lastWindowStart(atMs)
    return this.restMs > 0 && atMs - base >= this.restMs ? base + this.restMs : base
  }

  endOf(sliceMs: number): number {
    const base = this.lastWindowStart(sliceMs)
    return this.restMs > 0 && sliceMs === base ? base + this.restMs : base + this.slideMs
  }

  /** Start of the newest window that holds a time. */
  lastWindowStart(atMs: number): number {
    const phase = (atMs - this.offsetMs) % this.slideMs
    return atMs - (phase < 0 ? phase + this.slideMs : phase)
  }

  /** End of the newest window that holds a time. */
  lastWindowEnd(atMs: number): number {
    return this.lastWindowStart(atMs) + this.sizeMs
  }

  /** Start of the stretch of a window's size that holds a time; such stretches follow each other. */
  periodOf(atMs: number): number {
    const phase = (atMs - this.offsetMs) % this.sizeMs
    return atMs - (phase < 0 ? phase + this.sizeMs : phase)
  }

  /** The first end of a window that is later than a time: that of the oldest window that holds it. */
  windowEndAfter(atMs: number): number {
    return this.lastWindowStart(atMs - this.sizeMs) + this.slideMs + this.sizeMs
  }
}
