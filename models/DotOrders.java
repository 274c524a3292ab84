import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Lets the classes that Spark adds products with, those of dev.ludovic.netlib, add some.
 *
 *     java -cp blas.jar:arpack_combined_all.jar DotOrders.java Java8BLAS
 *
 * prints the bits of each case's results, a line a case; without a class the cases
 * themselves. VectorBLAS needs --add-modules jdk.incubator.vector and -XX:MaxVectorSize=32
 * for four lanes, 64 for eight. `models/make-dot-orders` puts it all into one file.
 */
public class DotOrders {
    static final String PACKAGE = "dev.ludovic.netlib.blas.";
    /** Enough for the JIT compiler, whose code must give what the interpreter gives. */
    static final int ROUNDS = 20_000;

    public static void main(String[] arguments) throws Exception {
        List<Case> cases = cases();
        if (arguments.length == 0) {
            cases.forEach(System.out::println);
            return;
        }
        Blas blas = new Blas(arguments[0]);
        StringBuilder lines = new StringBuilder();
        for (Case each : cases) {
            lines.append(each.results(blas)).append('\n');
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (int at = round % 7; at < cases.size(); at += 7) {
                cases.get(at).results(blas);
            }
        }
        StringBuilder compiled = new StringBuilder();
        for (Case each : cases) {
            compiled.append(each.results(blas)).append('\n');
        }
        if (!compiled.toString().contentEquals(lines)) {
            throw new IllegalStateException(arguments[0] + " adds in another order once it is compiled");
        }
        System.out.print(lines);
    }

    /** A call of the library: its name, rows and columns of the matrix, the matrix, a vector, and what is added to. */
    record Case(String call, int rows, int columns, double[] matrix, double[] x, double[] y) {
        String results(Blas blas) throws Exception {
            double[] results = y.clone();
            switch (call) {
                case "dot" -> results[0] = blas.dot(matrix, x);
                case "columns" -> blas.gemv("N", rows, columns, matrix, rows, x, results);
                // As Spark calls it: rows and columns are those of the transposed.
                case "rows" -> blas.gemv("T", columns, rows, matrix, columns, x, results);
                case "neurons" -> blas.gemm(rows, columns, matrix, x, results);
                default -> throw new IllegalStateException(call);
            }
            StringBuilder bits = new StringBuilder();
            for (double result : results) {
                bits.append(bits.length() == 0 ? "" : ",").append(hex(result));
            }
            return bits.toString();
        }

        /** Not a number is one, whatever its bits. */
        static String hex(double value) {
            return Double.isNaN(value) ? "NaN" : Long.toHexString(Double.doubleToRawLongBits(value));
        }

        @Override
        public String toString() {
            return String.join(" ", call, "" + rows, "" + columns, text(matrix), text(x), text(y));
        }

        static String text(double[] values) {
            StringBuilder text = new StringBuilder();
            for (double value : values) {
                text.append(text.length() == 0 ? "" : ",").append(value);
            }
            return text.length() == 0 ? "-" : text.toString();
        }
    }

    static List<Case> cases() {
        Random random = new Random(20260101);
        List<Case> cases = new ArrayList<>();
        for (int size = 0; size <= 40; size++) {
            cases.add(new Case("dot", 1, size, values(random, size), values(random, size), new double[1]));
        }
        for (int size : new int[] {100, 127, 255, 300}) {
            cases.add(new Case("dot", 1, size, values(random, size), values(random, size), new double[1]));
        }
        for (String call : new String[] {"columns", "rows", "neurons"}) {
            for (int[] size : new int[][] {{1, 1}, {2, 3}, {3, 4}, {4, 5}, {5, 9}, {7, 2}, {8, 8}, {9, 17}, {18, 6}}) {
                int rows = size[0], columns = size[1];
                double[] x = values(random, columns);
                x[columns / 2] = 0.0;
                cases.add(new Case(call, rows, columns, values(random, rows * columns), x, values(random, rows)));
                // What a product left out or one sum more would make another number.
                double[] matrix = values(random, rows * columns);
                matrix[random.nextInt(matrix.length)] = random.nextBoolean() ? Double.POSITIVE_INFINITY : Double.NaN;
                x = values(random, columns);
                for (int at = 0; at < columns; at += 2) {
                    x[at] = at % 4 == 0 ? 0.0 : -0.0;
                }
                cases.add(new Case(call, rows, columns, matrix, x, new double[rows]));
            }
        }
        return cases;
    }

    /** Six decimals, which no sum of products of doubles holds exactly, of sizes that swallow each other. */
    static double[] values(Random random, int count) {
        double[] values = new double[count];
        for (int at = 0; at < count; at++) {
            values[at] = (random.nextInt(1_999_999) - 999_999) / new double[] {1e6, 1e6, 1e3, 1e9}[random.nextInt(4)];
        }
        return values;
    }

    /** One of the library's classes, which it doesn't show. */
    static class Blas {
        final Object instance;
        final Method dot, gemv, gemm;

        Blas(String name) throws Exception {
            Class<?> type = Class.forName(PACKAGE + name);
            Method getInstance = type.getMethod("getInstance");
            getInstance.setAccessible(true);
            instance = getInstance.invoke(null);
            Class<?> blas = Class.forName(PACKAGE + "BLAS");
            Class<?> i = int.class, d = double.class, v = double[].class, s = String.class;
            dot = blas.getMethod("ddot", i, v, i, v, i);
            gemv = blas.getMethod("dgemv", s, i, i, d, v, i, v, i, d, v, i);
            gemm = blas.getMethod("dgemm", s, s, i, i, i, d, v, i, v, i, d, v, i);
        }

        double dot(double[] x, double[] y) throws Exception {
            return (double) dot.invoke(instance, x.length, x, 1, y, 1);
        }

        void gemv(String transposed, int m, int n, double[] a, int lda, double[] x, double[] y) throws Exception {
            gemv.invoke(instance, transposed, m, n, 1.0, a, lda, x, 1, 1.0, y, 1);
        }

        void gemm(int rows, int inner, double[] a, double[] b, double[] c) throws Exception {
            gemm.invoke(instance, "N", "N", rows, 1, inner, 1.0, a, rows, b, inner, 1.0, c, rows);
        }
    }
}
