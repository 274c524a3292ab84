import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.shared.HasPredictionCol;
import org.apache.spark.ml.param.shared.HasProbabilityCol;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * Lets an older Spark say what it makes of the golden transactions, as goldens.py does with later
 * ones.
 *
 * <p>Its arguments are a folder that {@code goldens.py --unfitted} wrote and the folder of the goldens.
 * Every pipeline there whose stages and parameters this Spark knows is fitted, saved, loaded and
 * asked; its model and answers come to the case's folder, under the version of Spark.
 *
 * <p>Without PySpark, since those of Spark 2.4 to 3.1 need a Python that is out of use.
 */
public final class Goldens {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        Path source = Path.of(arguments[0]);
        Path goldens = Path.of(arguments[1]);
        SparkSession spark = startSpark();
        Dataset<Row> rows = spark.read().parquet(source.resolve("rows").toString()).coalesce(1).cache();
        for (Path pipelineFolder : sorted(source.resolve("pipelines"))) {
            Path folder = goldens.resolve(pipelineFolder.getFileName());
            delete(folder.resolve(spark.version()));
            try {
                writeCase(folder, pipeline(pipelineFolder, rows.schema()), rows);
            } catch (Unknown unknown) {
                System.out.printf("%s: not by Spark %s: %s%n", folder.getFileName(), spark.version(), unknown.getMessage());
            }
        }
        spark.stop();
    }

    /** One core and one partition: sums while fitting have one order. */
    private static SparkSession startSpark() {
        SparkSession spark =
                SparkSession.builder()
                        .master("local[1]")
                        .config("spark.sql.session.timeZone", "UTC")
                        .config("spark.sql.shuffle.partitions", "1")
                        .config("spark.ui.enabled", "false")
                        .getOrCreate();
        spark.sparkContext().setLogLevel("OFF");
        return spark;
    }

    /** What this Spark doesn't have or can't do. */
    private static final class Unknown extends Exception {
        Unknown(String what) {
            super(what);
        }
    }

    /** A pipeline for some columns that a later Spark saved before it was fitted. */
    private static Pipeline pipeline(Path saved, StructType columns) throws Exception {
        List<PipelineStage> stages = new ArrayList<>();
        for (JsonNode uid : metadata(saved).get("paramMap").get("stageUids")) {
            for (Path folder : sorted(saved.resolve("stages"))) {
                if (folder.getFileName().toString().endsWith("_" + uid.asText())) {
                    stages.add(stage(metadata(folder)));
                }
            }
        }
        Pipeline pipeline = new Pipeline().setStages(stages.toArray(PipelineStage[]::new));
        try {
            pipeline.transformSchema(columns);
        } catch (IllegalArgumentException error) {
            throw new Unknown(error.getMessage());
        }
        return pipeline;
    }

    private static PipelineStage stage(JsonNode metadata) throws Exception {
        String className = metadata.get("class").asText();
        if (className.endsWith(".OneHotEncoder") && SparkSession.active().version().startsWith("2.")) {
            // So it was called then, and the other name was that of another stage.
            className += "Estimator";
        }
        PipelineStage stage;
        try {
            Class<?> found = Class.forName(className);
            stage = (PipelineStage) found.getConstructor(String.class).newInstance(metadata.get("uid").asText());
        } catch (ClassNotFoundException error) {
            throw new Unknown(className);
        }
        for (Map.Entry<String, JsonNode> entry : (Iterable<Map.Entry<String, JsonNode>>) metadata.get("paramMap")::fields) {
            try {
                @SuppressWarnings("unchecked")
                Param<Object> param = (Param<Object>) stage.getParam(entry.getKey());
                stage.set(param, param.jsonDecode(entry.getValue().toString()));
            } catch (NoSuchElementException | IllegalArgumentException error) {
                throw new Unknown(className + "." + entry.getKey() + " " + entry.getValue());
            }
        }
        return stage;
    }

    private static void writeCase(Path folder, Pipeline unfitted, Dataset<Row> rows) throws Exception {
        Path ofSpark = folder.resolve(rows.sparkSession().version());
        String saved = ofSpark.resolve("model").toAbsolutePath().toString();
        fit(unfitted, rows).write().save(saved);
        // What was saved may be what is loaded in another way.
        PipelineModel model = PipelineModel.load(saved);
        for (Path file : files(ofSpark)) {
            String name = file.getFileName().toString();
            if (name.endsWith(".crc") || name.equals("_SUCCESS")) {
                Files.delete(file);
            }
        }
        List<String> messages = Files.readAllLines(folder.resolve("input.jsonl"));
        StructType schema = schema(folder);
        List<String> answers = results(model, messages, schema);
        if (answers.stream().allMatch("null"::equals)) {
            throw new IllegalStateException(folder.getFileName() + ": every line is refused");
        }
        Files.writeString(ofSpark.resolve("schema.json"), schema.json() + "\n");
        Files.writeString(ofSpark.resolve("output.jsonl"), String.join("\n", answers) + "\n");
        System.out.printf("%s: %d lines%n", folder.getFileName(), answers.size());
    }

    private static PipelineModel fit(Pipeline unfitted, Dataset<Row> rows) throws Unknown {
        try {
            return unfitted.fit(rows);
        } catch (AssertionError assertion) {
            // Where it looks for the one `apply` of a function that isn't a bridge: later JDKs don't mark bridges.
            throw new Unknown("stages that are functions of a column need a JDK 8");
        } catch (RuntimeException error) {
            throw new Unknown(String.valueOf(error.getMessage()).lines().findFirst().orElse(""));
        }
    }

    /** What any later Spark read; it is the same for all. */
    private static StructType schema(Path folder) throws IOException {
        for (Path version : sorted(folder)) {
            Path schema = version.resolve("schema.json");
            if (Files.exists(schema)) {
                return (StructType) DataType.fromJson(Files.readString(schema));
            }
        }
        throw new IOException(folder + " holds no schema.json: run goldens.py first");
    }

    /** The results of the messages; where Spark dies, halves of them, down to the line that it dies of. */
    private static List<String> results(PipelineModel model, List<String> messages, StructType schema) {
        try {
            return transform(model, messages, schema);
        } catch (Exception error) {
            if (!(error instanceof SparkException) && !(error instanceof RuntimeException)) {
                throw error;
            }
            if (messages.size() == 1) {
                return List.of("null");
            }
            int half = messages.size() / 2;
            List<String> results = new ArrayList<>(results(model, messages.subList(0, half), schema));
            results.addAll(results(model, messages.subList(half, messages.size()), schema));
            return results;
        }
    }

    private static List<String> transform(PipelineModel model, List<String> messages, StructType schema) {
        SparkSession spark = SparkSession.active();
        Dataset<Row> transactions =
                spark.createDataset(messages, Encoders.STRING())
                        .coalesce(1)
                        .select(functions.from_json(functions.col("value"), schema).alias("transaction"))
                        .select("transaction.*");
        Dataset<Row> answers = model.transform(transactions);
        Transformer classifier = classifier(model);
        List<Column> result = new ArrayList<>();
        for (String name : List.of("transaction_id", "ts", "tx_fraud")) {
            if (List.of(answers.columns()).contains(name)) {
                result.add(functions.col(name));
            }
        }
        if (classifier instanceof HasProbabilityCol predicts
                && List.of(answers.columns()).contains(predicts.getProbabilityCol())) {
            result.add(functions.col(predicts.getProbabilityCol()).alias("probability"));
        }
        result.add(functions.col(((HasPredictionCol) classifier).getPredictionCol()).alias("prediction"));
        Map<Long, String> lines = new HashMap<>();
        Column line = functions.to_json(functions.struct(result.toArray(Column[]::new)));
        for (Row row : answers.select(functions.col("transaction_id"), line).collectAsList()) {
            lines.put(((Number) row.get(0)).longValue(), row.getString(1));
        }
        List<String> results = new ArrayList<>();
        for (String message : messages) {
            // Left out by `handleInvalid`.
            results.add(lines.getOrDefault(parsed(message).get("transaction_id").asLong(), "\"skipped\""));
        }
        return results;
    }

    /** The last stage that predicts. */
    private static Transformer classifier(PipelineModel model) {
        Optional<Transformer> found =
                Stream.of(model.stages()).filter(stage -> stage instanceof HasPredictionCol).reduce((first, last) -> last);
        return found.orElseThrow();
    }

    private static JsonNode metadata(Path folder) throws IOException {
        for (Path part : sorted(folder.resolve("metadata"))) {
            if (part.getFileName().toString().startsWith("part-")) {
                return JSON.readTree(Files.readString(part));
            }
        }
        throw new IOException(folder + " has no metadata");
    }

    private static JsonNode parsed(String message) {
        try {
            return JSON.readTree(message.getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new IllegalArgumentException(message, error);
        }
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        }
    }

    /** Files and folders, what a folder holds before the folder. */
    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted(Comparator.reverseOrder()).toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            for (Path file : files(folder)) {
                Files.delete(file);
            }
        }
    }
}
