/* damage FILE SEED OUT: a copy of FILE with one to four damaged places.
 *
 * Each place is one to eight bytes overwritten with random ones, or one bit turned over. The same FILE and SEED give the same
 * copy everywhere. Exit status 2: usage, 3: a file cannot be read or written. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void damage(unsigned char *data, size_t size, uint64_t seed)
{
  uint64_t places = 1 + next_random(&seed) % 4;
  for (uint64_t i = 0; i < places && size > 0; i++) {
    size_t at = (size_t)(next_random(&seed) % size);
    if (next_random(&seed) % 2) {
      data[at] = (unsigned char)(data[at] ^ (1u << (next_random(&seed) % 8)));
      continue;
    }
    uint64_t n = 1 + next_random(&seed) % 8, bytes = next_random(&seed);
    for (uint64_t k = 0; k < n && at + k < size; k++)
      data[at + k] = (unsigned char)(bytes >> (8 * k));
  }
}

/* The whole file, malloced; NULL where it cannot be read. */
static unsigned char *read_all(const char *path, size_t *size)
{
  FILE *f = fopen(path, "rb");
  if (!f)
    return NULL;
  unsigned char *data = NULL;
  long end = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
  if (end >= 0 && fseek(f, 0, SEEK_SET) == 0)
    data = malloc((size_t)end + 1);
  *size = end < 0 ? 0 : (size_t)end;
  if (data && fread(data, 1, *size, f) != *size) {
    free(data);
    data = NULL;
  }
  fclose(f);
  return data;
}

int main(int argc, char **argv)
{
  char *end = NULL;
  uint64_t seed = argc == 4 ? strtoumax(argv[2], &end, 10) : 0;
  if (argc != 4 || end == argv[2] || *end) {
    fprintf(stderr, "usage: damage FILE SEED OUT\n");
    return 2;
  }
  size_t size;
  unsigned char *data = read_all(argv[1], &size);
  if (!data) {
    fprintf(stderr, "damage: %s cannot be read\n", argv[1]);
    return 3;
  }
  damage(data, size, seed);
  FILE *out = fopen(argv[3], "wb");
  size_t written = out ? fwrite(data, 1, size, out) : 0;
  int closed = out ? fclose(out) : -1;
  free(data);
  if (written != size || closed != 0) {
    fprintf(stderr, "damage: %s cannot be written\n", argv[3]);
    return 3;
  }
  return 0;
}
