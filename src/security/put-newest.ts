/** Puts a value in, as the newest; if there are `most` already, the oldest makes room. What others can fill needs an end. */
export function putNewest<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  if (map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
}
