const FEW = 10;
const FEW_SHARE = 0.01;

/** Whether so few of all objects are gone, without anybody saying that they were deleted, that it is believed: ten, or one of a hundred. */
export function areFew(count: number, all: number): boolean {
  return count <= Math.max(FEW, all * FEW_SHARE);
}
