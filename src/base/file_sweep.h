/*
 * file_sweep.h - temporary files that a killed process left behind (SIGKILL, a crash, a machine that went down) are
 * removed by the next process that writes into their folder.
 *
 * A file is removed only if all of this holds:
 *   - its name ends in HR_TEMPORARY_MARK "PID-N", which only hr_file_create makes, and it is a regular file of this
 *     user;
 *   - nobody holds the lock (flock) that its writer keeps until the file is renamed or the writer ends. This decides
 *     between containers that share a folder, where one process id may stand for two processes;
 *   - no process with that id runs here, or it is this one. This decides on file systems without locks.
 */
#ifndef HR_BASE_FILE_SWEEP_H
#define HR_BASE_FILE_SWEEP_H

#define HR_TEMPORARY_MARK ".tmp-hrnet-"

/* Sweep the folder that path is in, once in this process for each of the last few folders. Says nothing: a file that
 * cannot be removed harms nobody. */
void hr_sweep_folder_of(const char *path);

#endif
