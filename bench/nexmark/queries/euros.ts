/** A price at 0.908 euros a dollar, rounded once: prices are whole numbers, so it is the decimal with three digits. */
export const inEuros = (price: number): number => (price * 908) / 1000
