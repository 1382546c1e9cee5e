/* shipped.h - the weights that are part of the library: a file of models/ as bytes, put in by scripts/embed-weights.sh.
 */
#ifndef HR_WEIGHTS_SHIPPED_H
#define HR_WEIGHTS_SHIPPED_H

/* The file from its first byte to the one before hr_shipped_weights_end. */
extern const unsigned char hr_shipped_weights[], hr_shipped_weights_end[];

/* What messages call it. */
#define HR_SHIPPED_NAME "the model that ships with hrnet"

#endif
