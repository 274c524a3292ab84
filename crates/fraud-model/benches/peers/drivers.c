// Calls the other engines from C, as a fast program would: batch after batch
// of `rows` rows of `width` doubles, one probability out a row.

// A function that lleaves compiled: rows `start` to `end`.
typedef void lleaves_function(const double *rows, double *out, int start, int end);

void drive_lleaves(lleaves_function *score, const double *data, double *out, int rows, int width, int batch) {
    for (int start = 0; start < rows; start += batch) {
        int end = start + batch < rows ? start + batch : rows;
        score(data + (long)start * width, out + start, 0, end - start);
    }
}

// A function that tl2cgen generated: one row. Its entries are unions of 8
// bytes, of which doubles are a member.
typedef void tl2cgen_function(const double *row, int pred_margin, double *out);

void drive_tl2cgen(tl2cgen_function *score, const double *data, double *out, int rows, int width) {
    for (int row = 0; row < rows; row++) {
        out[row] = 0;
        score(data + (long)row * width, 1, out + row);
    }
}

// The same where the generated function writes its rows' ranks into the
// entries, which must therefore be a copy.
void drive_tl2cgen_copying(tl2cgen_function *score, const double *data, double *out, int rows, int width) {
    double copy[256];
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) copy[i] = data[(long)row * width + i];
        out[row] = 0;
        score(copy, 1, out + row);
    }
}

// LGBM_BoosterPredictForMatSingleRowFast.
typedef int lightgbm_row_function(void *config, const void *row, long long *out_len, double *out);

void drive_lightgbm_row(lightgbm_row_function *score, void *config, const double *data, double *out, int rows, int width) {
    long long out_len;
    for (int row = 0; row < rows; row++) score(config, data + (long)row * width, &out_len, out + row);
}

// LGBM_BoosterPredictForMat; 1 and 0: doubles, row-major; a plain prediction by all trees.
typedef int lightgbm_function(void *booster, const void *data, int data_type, int rows, int width,
                              int row_major, int predict_type, int start, int iterations,
                              const char *parameters, long long *out_len, double *out);

void drive_lightgbm(lightgbm_function *score, void *booster, const double *data, double *out, int rows, int width, int batch) {
    long long out_len;
    for (int start = 0; start < rows; start += batch) {
        int count = start + batch < rows ? batch : rows - start;
        score(booster, data + (long)start * width, 1, count, width, 1, 0, 0, -1, "num_threads=1", &out_len, out + start);
    }
}
