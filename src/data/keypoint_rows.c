/* keypoint_rows.c - rows of keypoints, boxes. */
#include "data/keypoint_rows.h"

#include "base/mem.h"
#include "pose/skeleton.h"

static hrnet_status make_room(hr_keypoint_rows *rows, size_t used, size_t row)
{
    if (rows->capacity - used >= row) return HRNET_OK;
    const size_t capacity = 2 * (rows->capacity + row);
    double *const grown = hr_resize(rows->values, used, capacity, sizeof *grown);
    if (grown == NULL) return hr_fail_memory(capacity * sizeof *grown);
    rows->values = grown;
    rows->capacity = capacity;
    return HRNET_OK;
}

hrnet_status hr_keypoint_rows_add(hr_keypoint_rows *rows, const hr_json *list)
{
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count == 0 || list->count % 3 != 0 ||
        list->count / 3 > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected a list with three numbers a keypoint");
    if (rows->n_keypoints == 0) rows->n_keypoints = (int)(list->count / 3);
    const size_t row = (size_t)rows->n_keypoints * 3, used = rows->n * row;
    if (list->count != row)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: %u numbers, expected %zu for %d keypoints", (unsigned)list->count,
                       row, rows->n_keypoints);
    HR_TRY(make_room(rows, used, row));
    double *out = rows->values + used;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), out++)
        if (!hr_json_number(v, out)) return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected numbers alone");
    rows->n++;
    return HRNET_OK;
}

hrnet_status hr_bbox_read(const hr_json *list, double bbox[4])
{
    int n = 0;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height]");
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v))
        if (!hr_json_number(v, &bbox[n++])) return hr_fail(HRNET_ERR_FORMAT, "bbox: expected numbers alone");
    return HRNET_OK;
}
