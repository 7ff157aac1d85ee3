/**
 * An entry's slots as something that stays as it is while handlers change the state: then many entries can be encoded
 * at once, for a third of what each by itself costs. Primitives last, and so does what was made for the snapshot
 * alone; plain objects of primitives, which state mostly is, are copied. What is larger is not worth a copy.
 */
const namesMax = 32

export class LastingSlots {
  private readonly copiers: FlatCopier[] = []
  private readonly timerSlot: number | undefined

  /** What `timerSlot` holds was made for the snapshot. */
  constructor(timerSlot: number | undefined) {
    this.timerSlot = timerSlot
  }

  /** Undefined where the entry must be encoded now. */
  of(slots: readonly unknown[]): readonly unknown[] | undefined {
    const lasting: unknown[] = []
    for (let slot = 0; slot < slots.length; slot += 1) {
      const value = slots[slot]
      if (typeof value !== 'object' || value === null || slot === this.timerSlot) lasting.push(value)
      else {
        const copy = (this.copiers[slot] ??= new FlatCopier()).copy(value)
        if (!copy) return undefined
        lasting.push(copy)
      }
    }
    return lasting
  }
}

/**
 * Copies objects whose names are those of the object before. Others are left to the codec, which looks closer at names
 * that it did not just see (`core/codec/fits.ts`): a copy would hide from it what is no plain data.
 */
class FlatCopier {
  private names: readonly string[] | undefined

  copy(value: object): object | undefined {
    if (Object.getPrototypeOf(value) !== Object.prototype) return undefined
    const object = value as Readonly<Record<string, unknown>>
    const { names } = this
    let count = 0
    for (const name in object) {
      if (names?.[count] !== name) return this.learn(object)
      if (!isPrimitive(object[name])) return undefined
      count += 1
    }
    return count === names?.length ? { ...object } : this.learn(object)
  }

  private learn(object: object): undefined {
    const names = Object.keys(object)
    if (names.length <= namesMax) this.names = names
  }
}

function isPrimitive(value: unknown): boolean {
  const type = typeof value
  return value === null || (type !== 'object' && type !== 'function' && type !== 'symbol')
}
