auto_scale_lr = dict(base_batch_size=512)
codec = dict(
    heatmap_size=(48, 64), input_size=(192, 256), sigma=2, type='MSRAHeatmap')
model = dict(
    data_preprocessor=dict(bgr_to_rgb=True, mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    test_cfg=dict(flip_mode='heatmap', flip_test=True, shift_heatmap=True), type='TopdownPoseEstimator')
work_dir = './work' 's'
lr = 5e-4 * 2
hooks = [{'a': None, 2: ("x\n", )}, f(1)[2].b]
