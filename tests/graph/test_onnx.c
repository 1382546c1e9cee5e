/*
 * test_onnx.c - exported files, read back by a reader of their own: every name is made before it is used, sizes agree,
 * operators are as many as PyTorch's exporter makes of the same network, weights are the checkpoint's with the batch
 * norm folded in. That a runtime computes the same heatmaps from them is tests/cli/test_export.sh's.
 */
#include "../support/net_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "graph/onnx_operators.h"
#include "networks/registry.h"

static char folder[] = "/tmp/hrnet-test-onnx-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a failed export leaves a file behind */
}

/* ---------------------------------------------------------------------------------------------- reader */

typedef struct span {
    const unsigned char *at, *end;
} span;

typedef struct field {
    int number;
    uint64_t value; /* of a number */
    span bytes;     /* of anything else */
} field;

static uint64_t read_varint(span *in)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(in->at < in->end && shift < 64);
        value |= (uint64_t)(*in->at & 0x7F) << shift;
        if (*in->at++ < 0x80) return value;
    }
}

/* Take the next field off a message; 0 at its end. */
static int next_field(span *message, field *out)
{
    if (message->at == message->end) return 0;
    const uint64_t key = read_varint(message), type = key & 7;
    *out = (field){.number = (int)(key >> 3)};
    assert_true(type == 0 || type == 2 || type == 5);
    out->value = type == 5 ? 4 : read_varint(message);
    if (type == 0) return 1;
    assert_true(out->value <= (uint64_t)(message->end - message->at));
    out->bytes = (span){message->at, message->at + out->value};
    message->at += out->value;
    return 1;
}

/* The n-th field of that number, from 0; its number is 0 when there is none. */
static field find_field(span message, int number, int n)
{
    field f;
    while (next_field(&message, &f))
        if (f.number == number && n-- == 0) return f;
    return (field){0};
}

static int equals(span bytes, const char *text)
{
    return (size_t)(bytes.end - bytes.at) == strlen(text) && memcmp(bytes.at, text, strlen(text)) == 0;
}

/* ---------------------------------------------------------------------------------------------- what is in a graph */

enum { NODE = 1, INITIALIZER = 5, INPUT = 11, OUTPUT = 12, MAX_NAMES = 4096 };

typedef struct names {
    span list[MAX_NAMES];
    int n, used[MAX_NAMES];
} names;

static int find_name(const names *all, span name)
{
    for (int i = 0; i < all->n; i++)
        if (all->list[i].end - all->list[i].at == name.end - name.at &&
            memcmp(all->list[i].at, name.at, (size_t)(name.end - name.at)) == 0)
            return i;
    return -1;
}

static void add_name(names *all, span name)
{
    assert_int_equal(find_name(all, name), -1);
    assert_true(all->n < MAX_NAMES && name.end > name.at);
    all->list[all->n++] = name;
}

/* Names and sizes of the initializers; returns how many. */
static int check_initializers(span graph, names *tensors)
{
    field f;
    int n_found = 0;
    while (next_field(&graph, &f)) {
        if (f.number != INITIALIZER) continue;
        uint64_t n = 1;
        for (int d = 0; find_field(f.bytes, 1, d).number != 0; d++) n *= find_field(f.bytes, 1, d).value;
        assert_int_equal(find_field(f.bytes, 2, 0).value, 1); /* float */
        assert_int_equal(find_field(f.bytes, 9, 0).value, 4 * n);
        add_name(tensors, find_field(f.bytes, 8, 0).bytes);
        n_found++;
    }
    return n_found;
}

static int count_operators(span graph, const char *op)
{
    field f;
    int n = 0;
    while (next_field(&graph, &f)) n += f.number == NODE && equals(find_field(f.bytes, 4, 0).bytes, op);
    return n;
}

/* Operators have names of their own and read what was made before them. */
static void check_operators(span graph, names *tensors)
{
    static names operators;
    field f;
    operators.n = 0;
    while (next_field(&graph, &f)) {
        if (f.number != NODE) continue;
        add_name(&operators, find_field(f.bytes, 3, 0).bytes);
        for (int i = 0; find_field(f.bytes, 1, i).number != 0; i++) {
            const span input = find_field(f.bytes, 1, i).bytes;
            if (input.at == input.end) continue; /* an optional input that is left out */
            const int k = find_name(tensors, input);
            if (k < 0) fail_msg("%.*s is used before it is made", (int)(input.end - input.at), (const char *)input.at);
            tensors->used[k] = 1;
        }
        add_name(tensors, find_field(f.bytes, 2, 0).bytes);
    }
}

static void check_shape(span value, int batch, int c, int h, int w)
{
    const span tensor = find_field(find_field(value, 2, 0).bytes, 1, 0).bytes;
    const span shape = find_field(tensor, 2, 0).bytes;
    const int expected[] = {batch, c, h, w};
    assert_int_equal(find_field(tensor, 1, 0).value, 1);
    for (int i = 0; i < 4; i++) {
        const span dim = find_field(shape, 1, i).bytes;
        if (expected[i] == 0)
            assert_true(equals(find_field(dim, 2, 0).bytes, "n"));
        else
            assert_int_equal(find_field(dim, 1, 0).value, expected[i]);
    }
}

/* ---------------------------------------------------------------------------------------------- tests */

typedef struct exported {
    hr_bytes file;
    span graph;
} exported;

static const char *out_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/net.onnx", folder);
    return path;
}

static exported export_golden(const char *net, int batch)
{
    exported e;
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_config *config = golden_config(net);
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net, "weights.pth")));
    MUST(hrnet_export_onnx(checkpoint, out_path(), &(hrnet_model_options){.config = config}, batch));
    MUST(hr_file_read(&e.file, out_path(), 1 << 28));
    assert_int_equal(unlink(out_path()), 0);
    e.graph = find_field((span){e.file.data, e.file.data + e.file.size}, 7, 0).bytes;
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
    return e;
}

static int count_convolutions(const char *net)
{
    hrnet_checkpoint *checkpoint = NULL;
    int n = 0;
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net, "weights.pth")));
    for (size_t i = 0; i < hrnet_checkpoint_n_tensors(checkpoint); i++)
        n += hrnet_checkpoint_tensor(checkpoint, i).n_dims == 4;
    hrnet_checkpoint_free(checkpoint);
    return n;
}

static void files_are_whole(void **state)
{
    (void)state;
    for (int net = 0; net < N_NETS; net++) {
        static names tensors;
        const exported e = export_golden(net_names[net], net == 1 ? 4 : 0);
        const span model = {e.file.data, e.file.data + e.file.size};
        hrnet_model *ours = golden_model(net_names[net], NULL);
        const hrnet_model_info info = hrnet_model_get_info(ours);
        const int n_convs = count_convolutions(net_names[net]);
        memset(&tensors, 0, sizeof tensors);
        assert_int_equal(find_field(model, 1, 0).value, 8);
        assert_true(equals(find_field(model, 2, 0).bytes, "hrnet"));
        assert_int_equal(find_field(find_field(model, 8, 0).bytes, 2, 0).value, 13);
        assert_int_equal(check_initializers(e.graph, &tensors), 2 * n_convs);
        const span input = find_field(e.graph, INPUT, 0).bytes, output = find_field(e.graph, OUTPUT, 0).bytes;
        check_shape(input, net == 1 ? 4 : 0, 3, info.input_height, info.input_width);
        check_shape(output, net == 1 ? 4 : 0, info.n_joints, info.heatmap_height, info.heatmap_width);
        add_name(&tensors, find_field(input, 1, 0).bytes);
        check_operators(e.graph, &tensors);
        assert_int_equal(count_operators(e.graph, "Conv"), n_convs);
        tensors.used[find_name(&tensors, find_field(output, 1, 0).bytes)]++;
        for (int i = 0; i < tensors.n; i++) assert_int_equal(tensors.used[i], 1);
        hrnet_model_free(ours);
        hr_free(e.file.data);
    }
}

/* What torch.onnx.export (torch 2.15, operator set 17) makes of the same networks; there three batch norms stay behind
 * their transposed convolutions. */
static void operators_are_pytorchs(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        int conv, transposed, relu, add, resize, maxpool;
    } nets[] = {{"coco/hrnet/w32_256x192", 293, 0, 261, 161, 28, 0},
                {"coco/resnet/res50_256x192", 54, 3, 52, 16, 0, 1}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        hrnet_config *config = NULL;
        hr_graph graph, fused;
        hr_text text = {0};
        MUST(hrnet_config_load(&config, nets[i].config, NULL, NULL, NULL));
        MUST(hr_network_build(&graph, &config->model));
        MUST(hr_graph_fuse(&fused, &graph));
        MUST(hr_onnx_operators(&text, &fused));
        const span operators = {(unsigned char *)text.data, (unsigned char *)text.data + text.length};
        assert_int_equal(count_operators(operators, "Conv"), nets[i].conv);
        assert_int_equal(count_operators(operators, "ConvTranspose"), nets[i].transposed);
        assert_int_equal(count_operators(operators, "Relu"), nets[i].relu);
        assert_int_equal(count_operators(operators, "Add"), nets[i].add);
        assert_int_equal(count_operators(operators, "Resize"), nets[i].resize);
        assert_int_equal(count_operators(operators, "MaxPool"), nets[i].maxpool);
        hr_text_free(&text);
        REFUSED(hr_onnx_operators(&text, &graph), HRNET_ERR_ARGUMENT, "fused");
        hr_text_free(&text);
        hr_graph_free(&fused);
        hr_graph_free(&graph);
        hrnet_config_free(config);
    }
}

/* graph.h gives the order of the patches; runtimes that know no slices with steps get them by a convolution. */
static void space_to_depth_is_a_convolution(void **state)
{
    (void)state;
    static const int row_of[] = {0, 1, 0, 1}, column_of[] = {0, 0, 1, 1};
    hr_graph graph = {0};
    hr_text text = {0};
    hr_graph_output(&graph, hr_graph_space_to_depth(&graph, hr_graph_input(&graph, 3, 4, 6)), "patches");
    MUST(graph.status);
    MUST(hr_onnx_operators(&text, &graph));
    const span operators = {(unsigned char *)text.data, (unsigned char *)text.data + text.length};
    assert_int_equal(count_operators(operators, "Conv"), 1);
    assert_int_equal(count_operators(operators, "Constant"), 1);
    /* NodeProto.attribute 0, AttributeProto.t, TensorProto.float_data */
    const span node = find_field(operators, NODE, 0).bytes;
    const span weights = find_field(find_field(node, 5, 0).bytes, 5, 0).bytes;
    const int shape[] = {12, 3, 2, 2};
    for (int d = 0; d < 4; d++) assert_int_equal(find_field(weights, 1, d).value, shape[d]);
    for (int i = 0; i < 12 * 3 * 4; i++) {
        const int out = i / 12, in = i / 4 % 3, row = i / 2 % 2, column = i % 2;
        const float one = in == out % 3 && row == row_of[out / 3] && column == column_of[out / 3] ? 1.0f : 0.0f;
        float found;
        memcpy(&found, find_field(weights, 4, i).bytes.at, sizeof found);
        assert_true(found == one);
    }
    hr_text_free(&text);
    hr_graph_free(&graph);
}

static float *read_param(const golden_graph *golden, const char *name, size_t *n)
{
    const int index = hr_graph_find_param(&golden->graph, name);
    assert_true(index >= 0);
    *n = golden->graph.params[index].n_elements;
    float *values = test_malloc(*n * sizeof *values);
    MUST(hr_weights_read(&golden->weights, &golden->graph, index, values));
    return values;
}

static const unsigned char *initializer(span graph, const char *name)
{
    field f;
    while (next_field(&graph, &f))
        if (f.number == INITIALIZER && equals(find_field(f.bytes, 8, 0).bytes, name))
            return find_field(f.bytes, 9, 0).bytes.at;
    fail_msg("no initializer %s", name);
    return NULL;
}

static void close_to(const unsigned char *stored, size_t i, double expected)
{
    float found;
    memcpy(&found, stored + i * sizeof found, sizeof found);
    /* two roundings to float32 of numbers of this size */
    if (!(fabs(found - expected) <= 1.2e-7 * fabs(expected)))
        fail_msg("expected %.9g, found %.9g", expected, (double)found);
}

/* BatchNorm2d in evaluation: (x - mean) / sqrt(var + 1e-5) * gamma + beta. */
static void batch_norms_are_folded(void **state)
{
    (void)state;
    golden_graph golden;
    size_t n, n_weights;
    const exported e = export_golden(net_names[2], 0);
    golden_graph_open(&golden, net_names[2]);
    float *weights = read_param(&golden, "conv2.weight", &n_weights), *gamma = read_param(&golden, "bn2.weight", &n);
    float *beta = read_param(&golden, "bn2.bias", &n), *mean = read_param(&golden, "bn2.running_mean", &n);
    float *var = read_param(&golden, "bn2.running_var", &n);
    const unsigned char *stored_weights = initializer(e.graph, "conv2.weight");
    const unsigned char *stored_bias = initializer(e.graph, "conv2.bias");
    for (size_t i = 0; i < n_weights; i++) {
        const size_t oc = i / (n_weights / n);
        close_to(stored_weights, i, weights[i] * (gamma[oc] / sqrt(var[oc] + 1e-5)));
    }
    for (size_t oc = 0; oc < n; oc++)
        close_to(stored_bias, oc, beta[oc] - mean[oc] * (gamma[oc] / sqrt(var[oc] + 1e-5)));
    float *const all[] = {weights, gamma, beta, mean, var};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) test_free(all[i]);
    golden_graph_close(&golden);
    hr_free(e.file.data);
}

static void bytes_are_the_same_again(void **state)
{
    (void)state;
    const exported first = export_golden(net_names[0], 2), second = export_golden(net_names[0], 2);
    assert_int_equal(first.file.size, second.file.size);
    assert_memory_equal(first.file.data, second.file.data, first.file.size);
    hr_free(first.file.data);
    hr_free(second.file.data);
}

static void refused(void **state)
{
    (void)state;
    static const char *const wide[] = {"MODEL.EXTRA.STAGE4.NUM_CHANNELS", "[32, 64, 128, 1800]", NULL};
    static const char *const half_pair[] = {"MODEL.NUM_JOINTS", NULL};
    hrnet_config *config = NULL;
    MUST(hrnet_config_load(&config, "coco/hrnet/w32_256x192", NULL, NULL, NULL));
    const hrnet_model_options options = {.config = config};
    REFUSED(hrnet_export_onnx(NULL, out_path(), NULL, 0), HRNET_ERR_ARGUMENT, "neither");
    REFUSED(hrnet_export_onnx(NULL, NULL, &options, 0), HRNET_ERR_ARGUMENT, "path");
    REFUSED(hrnet_export_onnx(NULL, out_path(), &options, -1), HRNET_ERR_ARGUMENT, "batch");
    REFUSED(hrnet_export_onnx(NULL, "/no/such/folder/net.onnx", &options, 0), HRNET_ERR_IO, "/no/such/folder/net.onnx");
    REFUSED(hrnet_export_onnx(NULL, out_path(), &(hrnet_model_options){.config = config, .overrides = wide}, 0),
            HRNET_ERR_LIMIT, "2 GiB");
    REFUSED(hrnet_export_onnx(NULL, out_path(), &(hrnet_model_options){.config = config, .overrides = half_pair}, 0),
            HRNET_ERR_CONFIG, "MODEL.NUM_JOINTS");
    assert_int_not_equal(access(out_path(), F_OK), 0);
    hrnet_config_free(config);
}

/* Failing allocations, at wider and wider steps: there are thousands of small ones. */
static void memory_runs_out(void **state)
{
    (void)state;
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_config *config = golden_config(net_names[2]);
    const hrnet_model_options options = {.config = config};
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[2], "weights.pth")));
    hrnet_status status = HRNET_ERR_MEMORY;
    int n_failed = 0;
    for (long k = 0; status == HRNET_ERR_MEMORY; k += 1 + k / 40) {
        hr_mem_fail_after(k);
        status = hrnet_export_onnx(checkpoint, out_path(), &options, 0);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_not_equal(access(out_path(), F_OK), 0);
        n_failed += status != HRNET_OK;
    }
    print_message("failed at %d allocations\n", n_failed);
    MUST(status);
    assert_true(n_failed > 60);
    assert_int_equal(unlink(out_path()), 0);
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_whole),
        cmocka_unit_test(operators_are_pytorchs),
        cmocka_unit_test(space_to_depth_is_a_convolution),
        cmocka_unit_test(batch_norms_are_folded),
        cmocka_unit_test(bytes_are_the_same_again),
        cmocka_unit_test(refused),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
