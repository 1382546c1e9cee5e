/*
 * yolox_head.c - the head of YOLOX (Ge, Liu, Wang, Li, Sun: 2021), as yolo_head.py builds it. At each level:
 *
 *           / cls_convs ---> classes
 *   stem --+
 *           \ reg_convs -+-> box
 *                        +-> object
 */
#include "networks/yolox_head.h"

#include "networks/blocks.h"

static int add_convs(hr_graph *graph, const hr_unit_style *style, int x, const char *list, int level, int oc,
                     int separable)
{
    for (int i = 0; i < 2; i++)
        x = hr_add_unit(graph, style, x, hr_path_of("head.%s.%d.%d", list, level, i).text, oc, 3, 1, separable);
    return x;
}

static int add_predictor(hr_graph *graph, int x, const char *list, int level, int oc, double bias)
{
    x = hr_graph_conv(graph, x, hr_path_of("head.%s.%d", list, level).text, oc, 1, 1, 1);
    hr_graph_initial(graph, x, 0.001, bias); /* the deviation of upstream's init_weights */
    return x;
}

void hr_add_yolox_head(hr_graph *graph, const hr_unit_style *style, const hr_model_config *model, const int features[3],
                       int separable)
{
    const int c = model->head_channels;
    for (int k = 0; k < 3; k++) {
        const int stem = hr_add_unit(graph, style, features[k], hr_path_of("head.stems.%d", k).text, c, 1, 1, 0);
        const int of_class = add_convs(graph, style, stem, "cls_convs", k, c, separable);
        const int of_box = add_convs(graph, style, stem, "reg_convs", k, c, separable);
        const int parts[] = {add_predictor(graph, of_box, "reg_preds", k, 4, 0),
                             add_predictor(graph, of_box, "obj_preds", k, 1, HR_PRIOR_BIAS),
                             add_predictor(graph, of_class, "cls_preds", k, model->n_classes, HR_PRIOR_BIAS)};
        const hr_path name = hr_path_of("head_%d", 8 << k);
        const int joined = hr_graph_concat(graph, parts, 3);
        hr_graph_name(graph, joined, "%s", name.text);
        hr_graph_output(graph, joined, name.text);
    }
}
