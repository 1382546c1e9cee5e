/* replay.c - runs a fuzzer's entry once on every file of the folders and files given, where libFuzzer is not linked. */
#undef LLVMFuzzerTestOneInput /* the one of cost.c */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    /* exactly the file's size, so that a read past its end is seen by the sanitizer */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    const size_t n = data != NULL && size > 0 ? fread(data, 1, (size_t)size, file) : 0;
    fclose(file);
    /* named before it is read, for one that ends the program */
    fprintf(stderr, "%s\n", path);
    if (data != NULL) LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int n_files = 0, n_failed = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            n_failed += replay_file(argv[i]);
            n_files++;
            continue;
        }
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            n_failed += replay_file(path);
            n_files++;
        }
        closedir(folder);
    }
    printf("[       OK ] replayed %d files\n", n_files);
    return n_failed != 0 || n_files == 0;
}
