/*
 * dataset_file.c - a description of keypoints from a file. There is one reader, of JSON trees (hr_dataset_info_read):
 * COCO annotations have such a tree in their category, and YAML is converted into one node by node.
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/coco_json.h"
#include "io/json_build.h"
#include "base/text.h"
#include "io/yaml.h"

#define MAX_FILE ((uint64_t)1 << 32) /* bytes of an annotations file */

static int add_node(hr_json_builder *builder, const hr_yaml *node);

static int add_children(hr_json_builder *builder, const hr_yaml *node)
{
    for (const hr_yaml *child = node->first; child != NULL; child = child->next) {
        if (child->key != NULL &&
            !hr_json_build.yajl_map_key(builder, (const unsigned char *)child->key, strlen(child->key)))
            return 0;
        if (!add_node(builder, child)) return 0;
    }
    return 1;
}

/* Append the JSON of a YAML node, through the call-backs that the JSON parser itself uses; 0 on failure, whose status
 * is builder->status. A scalar without quotes that reads as a number becomes one. The recursion is bounded by the YAML
 * parser's limit of nesting. */
static int add_node(hr_json_builder *builder, const hr_yaml *node)
{
    const char *const text = node->text;
    double number;
    if (node->kind == HR_YAML_MAPPING)
        return hr_json_build.yajl_start_map(builder) && add_children(builder, node) &&
               hr_json_build.yajl_end_map(builder);
    if (node->kind == HR_YAML_SEQUENCE)
        return hr_json_build.yajl_start_array(builder) && add_children(builder, node) &&
               hr_json_build.yajl_end_array(builder);
    if (!node->quoted && hr_number_parse(text, strlen(text), &number))
        return hr_json_build.yajl_number(builder, text, strlen(text));
    return hr_json_build.yajl_string(builder, (const unsigned char *)text, strlen(text));
}

hrnet_status hr_dataset_info_parse_yaml(hrnet_dataset_info **out, const void *bytes, size_t n_bytes, const char *name)
{
    hr_json_builder builder = {.status = HRNET_OK};
    hr_yaml *root = NULL;
    HR_TRY(hr_yaml_parse(&root, bytes, n_bytes, name));
    hrnet_status status = HRNET_OK;
    if (root == NULL || root->kind != HR_YAML_MAPPING)
        status = hr_fail(HRNET_ERR_FORMAT, "expected a mapping with \"keypoints\"");
    else if (!add_node(&builder, root))
        status = builder.status;
    else if (hr_json_get(builder.nodes, "keypoints") == NULL)
        status = hr_fail(HRNET_ERR_CONFIG, "keypoints: expected a list of names, or their number, found none");
    if (status == HRNET_OK) status = hr_dataset_info_read(out, builder.nodes, 0, NULL);
    hr_json_builder_free(&builder);
    hr_yaml_free(root);
    return status == HRNET_OK ? status : hr_fail_in(status, name);
}

static int is_json(const char *path)
{
    const size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".json") == 0;
}

hrnet_status hrnet_dataset_info_load(hrnet_dataset_info **out, const char *path)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_dataset_info_load: NULL argument");
    hr_bytes file;
    if (is_json(path)) {
        hrnet_annotations *annotations;
        HR_TRY(hr_file_read(&file, path, MAX_FILE));
        /* not hrnet_annotations_load: whether any annotation can be used does not matter here */
        const hrnet_status status = hr_annotations_parse(&annotations, file.data, file.size, NULL);
        hr_free(file.data);
        if (status != HRNET_OK) return hr_fail_in(status, path);
        hrnet_dataset_info *const info = hr_annotations_take_info(annotations);
        hrnet_annotations_free(annotations);
        if (info == NULL)
            return hr_fail(HRNET_ERR_FORMAT, "%s: categories: expected one with \"keypoints\", found none", path);
        *out = info;
        return HRNET_OK;
    }
    HR_TRY(hr_file_read(&file, path, HR_YAML_MAX_BYTES));
    const hrnet_status status = hr_dataset_info_parse_yaml(out, file.data, file.size, path);
    hr_free(file.data);
    return status;
}
