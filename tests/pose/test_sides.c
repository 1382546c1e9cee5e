/* test_sides.c - left and right in the names of keypoints, as people and annotation tools spell them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pose/skeleton.h"

enum { MOST = 20 };

/* Names, and the pairs to find in them: "LEFT RIGHT" indices in letters, "ab" is (0, 1). */
static const struct {
    const char *names[MOST], *pairs;
} lists[] = {
    /* one spelling after the other */
    {{"nose", "left_eye", "right_eye"}, "bc"},
    {{"eye_left", "eye_right"}, "ab"},
    {{"eye-left", "eye-right"}, "ab"},
    {{"Left Shoulder", "Right Shoulder"}, "ab"},
    {{"L Shoulder", "R Shoulder"}, "ab"},
    {{"shoulder.L", "shoulder.R"}, "ab"},
    {{"shoulder_l", "shoulder_r"}, "ab"},
    {{"l_x", "r_x"}, "ab"},
    {{"l-x", "r-x"}, "ab"},
    {{"LX", "RX"}, "ab"},
    {{"LEye", "REye"}, "ab"},
    {{"leftEye", "rightEye"}, "ab"},
    {{"LeftEye", "RightEye"}, "ab"},
    {{"eyeLeft", "eyeRight"}, "ab"},
    {{"eyeL", "eyeR"}, "ab"},
    {{"LEFT_EYE", "RIGHT_EYE"}, "ab"},
    {{"lefteye", "righteye"}, "ab"},
    {{"eyeleft", "eyeright"}, "ab"},
    {{"left", "right"}, "ab"},
    {{"L", "R"}, "ab"},
    {{"L1", "R1", "L2", "R2"}, "abcd"},
    {{"left1", "right1"}, "ab"},
    {{"lft_eye", "rgt_eye"}, "ab"},
    {{"Lt. ear", "Rt. ear"}, "ab"},
    {{"left-eye (outer)", "right-eye (outer)"}, "ab"},
    {{"left/eye", "right/eye"}, "ab"},
    {{"left:eye", "right:eye"}, "ab"},
    {{"auge links", "left  eye", "right  eye"}, "bc"},
    /* inside the name */
    {{"front_left_paw", "front_right_paw", "hind_left_paw", "hind_right_paw"}, "abcd"},
    {{"frontLeftPaw", "frontRightPaw"}, "ab"},
    {{"hand_l_index", "hand_r_index"}, "ab"},
    {{"L_F_Paw", "R_F_Paw", "L_B_Paw", "R_B_Paw"}, "abcd"},
    {{"LF_paw", "RF_paw", "LH_paw", "RH_paw"}, "abcd"},
    {{"paw_FL", "paw_FR", "paw_HL", "paw_HR"}, "abcd"},
    {{"left_lower_leg", "right_lower_leg", "left_upper_lip", "right_upper_lip"}, "abcd"},
    {{"left_eye_left_corner", "right_eye_right_corner", "left_eye_right_corner", "right_eye_left_corner"}, "abcd"},
    /* initials in small letters, of which one pair alone proves nothing */
    {{"rank", "rkne", "rhip", "lhip", "lkne", "lank", "pelv", "thrx"}, "dcebfa"},
    {{"Leye", "Reye", "Lear", "Rear"}, "abcd"},
    {{"lake", "rake"}, ""},
    {{"lip", "rip", "nose"}, ""},
    /* the order of the list, the case of letters, doubles */
    {{"right_b", "left_a", "right_a", "left_b"}, "bcda"},
    {{"Left_eye", "right_EYE"}, "ab"},
    {{"left_eye", "left_eye", "right_eye", "right_eye"}, "acbd"},
    /* no partner, no side */
    {{"left_eye", "nose"}, ""},
    {{"left_eye", "right_ear"}, ""},
    {{"left_eye", "l_eye", "r_ear"}, ""},
    {{"lip", "rib", "leg", "root", "lamp", "ramp"}, ""},
    {{"light", "right", "night"}, ""},
    {{"lower", "upper", "middle"}, ""},
    {{"bright", "leftover"}, ""},
    {{"", "left", "x"}, ""},
    {{"tip", "middle", "base"}, ""},
    {{"ap10k_0", "ap10k_1"}, ""},
};

static int count_names(const char *const *names)
{
    int n = 0;
    while (n < MOST && names[n] != NULL) n++;
    return n;
}

static void pairs_of_all_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const int n = count_names(lists[i].names);
        int pairs[MOST / 2][2];
        char found[MOST + 1] = "";
        const int n_pairs = hr_pairs_by_name(lists[i].names, n, pairs);
        for (int p = 0; p < n_pairs; p++)
            for (int side = 0; side < 2; side++) found[2 * p + side] = (char)('a' + pairs[p][side]);
        if (strcmp(found, lists[i].pairs) != 0)
            fail_msg("%s, %s, ...: expected pairs \"%s\", found \"%s\"", lists[i].names[0], lists[i].names[1],
                     lists[i].pairs, found);
    }
}

static void same_pairs_as_the_tables(void **state)
{
    (void)state;
    const hrnet_skeleton *const both[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    for (int k = 0; k < 2; k++) {
        int pairs[MOST][2], n_same = 0;
        const int n = hr_pairs_by_name(both[k]->keypoint_names, both[k]->n_keypoints, pairs);
        assert_int_equal(n, both[k]->n_flip_pairs);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                const int *const table = both[k]->flip_pairs[j];
                n_same += (table[0] == pairs[i][0] && table[1] == pairs[i][1]) ||
                          (table[0] == pairs[i][1] && table[1] == pairs[i][0]);
            }
        assert_int_equal(n_same, n);
    }
}

/* A skeleton of names alone: what is known of its pairs, and the side of its first keypoint. */
static const struct {
    const char *names[MOST];
    hrnet_pairs_from from;
    hr_side first;
} knowledge[] = {
    {{"left_eye", "right_eye"}, HRNET_PAIRS_BY_NAME, HR_SIDE_LEFT},
    {{"eye.R", "eye.L", "nose"}, HRNET_PAIRS_BY_NAME, HR_SIDE_RIGHT},
    {{"lsho", "rsho", "lhip", "rhip"}, HRNET_PAIRS_BY_NAME, HR_SIDE_LEFT},
    {{"lip", "nose"}, HRNET_PAIRS_NONE_FOUND, HR_SIDE_MIDDLE},
    {{"tip", "middle", "base"}, HRNET_PAIRS_NONE_FOUND, HR_SIDE_MIDDLE},
    {{"keypoint_0", "keypoint_1", "keypoint_2"}, HRNET_PAIRS_UNKNOWN, HR_SIDE_MIDDLE},
    {{"ap10k_0", "ap10k_16"}, HRNET_PAIRS_UNKNOWN, HR_SIDE_MIDDLE},
    {{"0", "1", "2"}, HRNET_PAIRS_UNKNOWN, HR_SIDE_MIDDLE},
    {{"a", "b", "c"}, HRNET_PAIRS_UNKNOWN, HR_SIDE_MIDDLE},
    {{"keypoint_0"}, HRNET_PAIRS_GIVEN, HR_SIDE_MIDDLE},
};

static void what_names_tell(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof knowledge / sizeof *knowledge; i++) {
        int pairs[MOST][2];
        hrnet_skeleton s = {
            .name = "custom", .n_keypoints = count_names(knowledge[i].names), .keypoint_names = knowledge[i].names};
        hr_skeleton_find_pairs(&s, pairs);
        if (s.pairs_from != knowledge[i].from || hr_skeleton_side(&s, 0) != knowledge[i].first)
            fail_msg("%s, ...: pairs %d, side %d", s.keypoint_names[0], (int)s.pairs_from,
                     (int)hr_skeleton_side(&s, 0));
        assert_int_equal(hr_skeleton_check(&s), HRNET_OK);
        const hrnet_status flip = s.pairs_from == HRNET_PAIRS_UNKNOWN ? HRNET_ERR_ARGUMENT : HRNET_OK;
        assert_int_equal(hr_skeleton_check_flip(&s), flip);
        if (flip != HRNET_OK) assert_non_null(strstr(hrnet_last_error(), "--description"));
    }
}

/* Long lists and long names take no long time, and nothing is written past the list. */
static void large_lists(void **state)
{
    (void)state;
    static char texts[HR_MAX_KEYPOINTS][300];
    static const char *names[HR_MAX_KEYPOINTS];
    static int pairs[HR_MAX_KEYPOINTS / 2][2];
    for (int i = 0; i < HR_MAX_KEYPOINTS; i++) {
        names[i] = texts[i];
        snprintf(texts[i], sizeof texts[i], "l_l_l_l_l_l_l_l_l_l_l_l_l_l_%s_%d", i % 2 ? "right" : "left", i / 2);
    }
    assert_int_equal(hr_pairs_by_name(names, HR_MAX_KEYPOINTS, pairs), HR_MAX_KEYPOINTS / 2);
    for (int i = 0; i < HR_MAX_KEYPOINTS; i++) memset(texts[i], i % 2 ? 'r' : 'l', sizeof texts[i] - 1);
    assert_int_equal(hr_pairs_by_name(names, HR_MAX_KEYPOINTS, pairs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_of_all_spellings),
                                       cmocka_unit_test(same_pairs_as_the_tables), cmocka_unit_test(what_names_tell),
                                       cmocka_unit_test(large_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
