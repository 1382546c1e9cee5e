/*
 * mot_match.c - the one-to-one choice of links with the greatest sum of weights, which is an assignment problem
 * (base/assign.h) whose costs are minus the weights, and 0 without a link.
 *
 * Rows and columns that no chain of links joins do not bear on each other, so each connected component can be solved on
 * its own: of 500 people and 20000 tracks of a long video some are at the same place, not each with each. Rows are
 * nodes 0 .. n_rows - 1, columns the nodes behind them; a component is named by its least node, which is a row.
 */
#include <math.h>

#include "base/assign.h"
#include "base/limits.h"
#include "base/mem.h"
#include "score/mot_score.h"

void hr_mot_begin_links(hr_mot_matcher *m)
{
    m->n_links = 0;
}

hrnet_status hr_mot_add_link(hr_mot_matcher *m, hr_mot_link link)
{
    HR_GROW(m->links, m->n_links, m->link_capacity);
    m->links[m->n_links++] = link;
    return HRNET_OK;
}

void hr_mot_matcher_free(hr_mot_matcher *m)
{
    hr_free(m->links);
    hr_free(m->chosen);
    hr_free(m->first_links);
    hr_free(m->parents);
    hr_free(m->next);
    hr_free(m->last);
    hr_free(m->local);
    hr_free(m->cost);
    hr_free(m->columns);
    *m = (hr_mot_matcher){0};
}

/* ---------------------------------------------------------------------------------------------- components */

/* Room for these many nodes; what the buffers hold is lost. */
static hrnet_status reserve(hr_mot_matcher *m, size_t n_rows, size_t n_nodes)
{
    if (n_rows > m->row_capacity || m->chosen == NULL) {
        hr_free(m->chosen);
        hr_free(m->first_links);
        m->chosen = m->first_links = NULL;
        m->row_capacity = 0;
        HR_NEW(m->first_links, 2 * n_rows + 1);
        HR_NEW(m->chosen, 2 * n_rows);
        m->row_capacity = 2 * n_rows;
    }
    if (n_nodes > m->node_capacity || m->local == NULL) {
        hr_free(m->parents);
        hr_free(m->next);
        hr_free(m->last);
        hr_free(m->local);
        m->parents = m->next = m->last = m->local = NULL;
        m->node_capacity = 0;
        HR_NEW(m->parents, 2 * n_nodes);
        HR_NEW(m->next, 2 * n_nodes);
        HR_NEW(m->last, 2 * n_nodes);
        HR_NEW(m->local, 2 * n_nodes);
        m->node_capacity = 2 * n_nodes;
    }
    return HRNET_OK;
}

/* The component's least node. */
static uint32_t root_of(uint32_t *parents, uint32_t node)
{
    while (parents[node] != node) node = parents[node] = parents[parents[node]];
    return node;
}

/* together: all nodes are one component. Afterwards next[] leads from each root through its component's nodes, in
 * order, to HR_MOT_NONE; row r has the links from first_links[r] up to first_links[r + 1]. */
static void find_components(hr_mot_matcher *m, size_t n_rows, size_t n_nodes, int together)
{
    for (uint32_t i = 0; i < n_nodes; i++) {
        m->parents[i] = together ? 0 : i;
        m->last[i] = i;
        m->next[i] = HR_MOT_NONE;
    }
    size_t row = 0;
    for (size_t i = 0; i < m->n_links; i++) {
        while (row <= m->links[i].row) m->first_links[row++] = (uint32_t)i;
        const uint32_t a = root_of(m->parents, m->links[i].row);
        const uint32_t b = root_of(m->parents, (uint32_t)n_rows + m->links[i].column);
        m->parents[a > b ? a : b] = a < b ? a : b;
    }
    while (row <= n_rows) m->first_links[row++] = (uint32_t)m->n_links;
    for (uint32_t i = 0; i < n_nodes; i++) {
        const uint32_t root = root_of(m->parents, i);
        if (root == i) continue;
        m->next[m->last[root]] = i;
        m->last[root] = i;
    }
}

/* ---------------------------------------------------------------------------------------------- assignment */

/* Room for the costs of a component and for its rows' columns. */
static hrnet_status reserve_costs(hr_mot_matcher *m, size_t n_rows, size_t n_columns)
{
    const size_t n = n_rows * n_columns; /* each below 2^32 */
    if (n > m->cost_capacity) {
        if (n > hr_memory_limit(0) / sizeof *m->cost || n_rows > INT32_MAX || n_columns > INT32_MAX)
            return hr_fail(HRNET_ERR_LIMIT,
                           "%zu true and %zu found boxes or tracks hang together by overlaps: scoring them would take "
                           "more than the memory limit",
                           n_rows, n_columns);
        hr_free(m->cost);
        m->cost = NULL;
        m->cost_capacity = 0;
        HR_NEW(m->cost, n);
        m->cost_capacity = n;
    }
    if (n_rows > m->column_capacity) {
        hr_free(m->columns);
        m->columns = NULL;
        m->column_capacity = 0;
        HR_NEW(m->columns, n_rows);
        m->column_capacity = n_rows;
    }
    return HRNET_OK;
}

static const hr_mot_link *best_link(const hr_mot_matcher *m, uint32_t row)
{
    const hr_mot_link *best = &m->links[m->first_links[row]];
    for (uint32_t i = m->first_links[row]; i < m->first_links[row + 1]; i++)
        if (m->links[i].weight > best->weight) best = &m->links[i];
    return best;
}

/* The assignment is complete: a row may get a column to which it has no link. It then has no chosen one, which is worth
 * the same. */
static hrnet_status assign_component(hr_mot_matcher *m, uint32_t root, uint32_t first_column)
{
    uint32_t n_rows = 0, n_columns = 0;
    for (uint32_t node = root; node != HR_MOT_NONE; node = m->next[node])
        m->local[node] = node < first_column ? n_rows++ : n_columns++;
    if (n_rows == 1) {
        m->chosen[root] = best_link(m, root)->index;
        return HRNET_OK;
    }
    HR_TRY(reserve_costs(m, n_rows, n_columns));
    for (size_t i = 0; i < (size_t)n_rows * n_columns; i++) m->cost[i] = 0;
    for (uint32_t node = root; node != HR_MOT_NONE && node < first_column; node = m->next[node])
        for (uint32_t i = m->first_links[node]; i < m->first_links[node + 1]; i++)
            m->cost[(size_t)m->local[node] * n_columns + m->local[first_column + m->links[i].column]] =
                -m->links[i].weight;
    HR_TRY(hr_assign(m->cost, (int)n_rows, (int)n_columns, INFINITY, m->columns, NULL));
    for (uint32_t node = root; node != HR_MOT_NONE && node < first_column; node = m->next[node])
        for (uint32_t i = m->first_links[node]; i < m->first_links[node + 1]; i++)
            if ((int)m->local[first_column + m->links[i].column] == m->columns[m->local[node]])
                m->chosen[node] = m->links[i].index;
    return HRNET_OK;
}

hrnet_status hr_mot_match(hr_mot_matcher *m, size_t n_rows, size_t n_columns, int together)
{
    HR_TRY(reserve(m, n_rows, n_rows + n_columns));
    for (uint32_t row = 0; row < n_rows; row++) m->chosen[row] = HR_MOT_NONE;
    if (m->n_links == 0) return HRNET_OK;
    find_components(m, n_rows, n_rows + n_columns, together);
    for (uint32_t row = 0; row < n_rows; row++)
        if (m->parents[row] == row && m->next[row] != HR_MOT_NONE) HR_TRY(assign_component(m, row, (uint32_t)n_rows));
    return HRNET_OK;
}
