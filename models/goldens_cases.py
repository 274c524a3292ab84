"""Pipelines of `goldens.py`: each stage with each option that changes what it computes.

Stages before the classifier end in a logistic regression, whose probability
shows every bit of every feature.
"""

from typing import NamedTuple, Union

from pyspark.ml import Estimator, Transformer
from pyspark.ml.classification import (
    DecisionTreeClassifier,
    FMClassifier,
    GBTClassifier,
    LinearSVC,
    LogisticRegression,
    MultilayerPerceptronClassifier,
    NaiveBayes,
    RandomForestClassifier,
)
from pyspark.ml.feature import (
    PCA,
    Binarizer,
    ChiSqSelector,
    ElementwiseProduct,
    Imputer,
    Interaction,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialExpansion,
    QuantileDiscretizer,
    RobustScaler,
    StandardScaler,
    StringIndexer,
    UnivariateFeatureSelector,
    VarianceThresholdSelector,
    VectorAssembler,
    VectorIndexer,
    VectorSlicer,
)
from pyspark.ml.linalg import Vectors

DENSE = [
    "tx_amount",
    "is_weekend",
    "customer_id_nb_tx_7day_window",
    "customer_id_avg_amount_7day_window",
    "customer_id_avg_amount_30day_window",
    "terminal_id_nb_tx_30day_window",
    "terminal_id_risk_30day_window",
]
SPARSE = [
    "is_night",
    "refunds",
    "chargebacks",
    "tips",
    "terminal_id_risk_1day_window",
    "terminal_id_risk_7day_window",
]
CATEGORIES = ["channel", "hour", "fee"]


Stage = Union[Estimator, Transformer]


class Case(NamedTuple):
    """Stages, and the columns of transactions that they read."""

    inputs: list[str]
    stages: list[Stage]
    # Whether several columns of a line are odd: where stages leave rows out or die of
    # them, it matters which of them Spark comes to first.
    odd_at_once: bool = False


def assembler(inputs: list[str], output: str = "features", handle_invalid: str = "keep") -> VectorAssembler:
    return VectorAssembler(inputCols=inputs, outputCol=output, handleInvalid=handle_invalid)


def regression(features: str = "features", label: str = "is_dear", **options) -> LogisticRegression:
    return LogisticRegression(featuresCol=features, labelCol=label, **{"maxIter": 5, "regParam": 0.01, **options})


def of_vector(inputs: list[str], stage: Stage, **options) -> Case:
    """A stage that makes the features of a vector."""
    return Case(inputs, [assembler(inputs, "raw"), stage, regression(**options)])


def of_vectors(inputs: list[str], *stages: Stage) -> Case:
    """Stages that each make a vector of one."""
    outputs = [stage.getOutputCol() for stage in stages]
    return Case(inputs, [assembler(inputs, "raw"), *stages, assembler(outputs), regression()])


def predicting(inputs: list[str], classifier: Stage, handle_invalid: str = "keep") -> Case:
    return Case(inputs, [assembler(inputs, handle_invalid=handle_invalid), classifier])


def indexed(handle_invalid: str, **encoding) -> Case:
    indices = [f"{column}_index" for column in CATEGORIES]
    vectors = [f"{column}_vector" for column in CATEGORIES]
    return Case(
        CATEGORIES,
        [
            StringIndexer(inputCols=CATEGORIES, outputCols=indices, handleInvalid=handle_invalid),
            OneHotEncoder(inputCols=indices, outputCols=vectors, **encoding),
            assembler(vectors),
            regression(),
        ],
    )


def encoded(**options) -> Case:
    """Numbers, which needn't be categories, in place of an indexer's."""
    inputs = ["hour", "is_night"]
    vectors = [f"{column}_vector" for column in inputs]
    return Case(
        inputs,
        [OneHotEncoder(inputCols=inputs, outputCols=vectors, **options), assembler(vectors), regression()],
    )


def bucketed(handle_invalid: str) -> Case:
    inputs = ["tx_amount", "customer_id_avg_amount_7day_window"]
    buckets = [f"{column}_bucket" for column in inputs]
    discretizer = QuantileDiscretizer(
        inputCols=inputs, outputCols=buckets, numBucketsArray=[5, 10], handleInvalid=handle_invalid
    )
    return Case(inputs, [discretizer, assembler(buckets), regression()])


def imputed(**options) -> Case:
    inputs = ["tx_amount", "hour", "chargebacks"]
    outputs = [f"{column}_imputed" for column in inputs]
    return Case(inputs, [Imputer(inputCols=inputs, outputCols=outputs, **options), assembler(outputs), regression()])


def imputed_in_place() -> Case:
    """Columns written over that were read before, one and several at once, and two that change places."""
    inputs = ["tx_amount", "hour", "chargebacks", "refunds"]
    return Case(
        inputs,
        [
            assembler(inputs, "before"),
            Imputer(inputCol="tx_amount", outputCol="tx_amount"),
            Imputer(
                inputCols=["tx_amount", "hour", "chargebacks"],
                outputCols=["tx_amount", "hour_imputed", "chargebacks"],
                missingValue=0.0,
                strategy="median",
            ),
            Imputer(inputCols=["chargebacks", "refunds"], outputCols=["refunds", "chargebacks"], missingValue=0.5),
            assembler(["before", *inputs, "hour_imputed"]),
            regression(),
        ],
    )


def naive_bayes(model_type: str, inputs: list[str], *stages: Stage) -> Case:
    features = stages[-1].getOutputCol() if stages else "raw"
    bayes = NaiveBayes(featuresCol=features, labelCol="price_class", modelType=model_type)
    return Case(inputs, [assembler(inputs, "raw"), *stages, bayes])


MULTINOMIAL = {"label": "price_class", "family": "multinomial"}


def cases() -> dict[str, Case]:
    """All cases; needs a running Spark, since a stage is made in its JVM."""
    return {
        # Scalers.
        "max-abs-scaler": of_vector(DENSE, MaxAbsScaler(inputCol="raw", outputCol="features")),
        "max-abs-scaler-sparse": of_vector(SPARSE, MaxAbsScaler(inputCol="raw", outputCol="features")),
        "robust-scaler": of_vectors(
            DENSE,
            RobustScaler(inputCol="raw", outputCol="scaled"),
            RobustScaler(inputCol="raw", outputCol="centred", withCentering=True, lower=0.1, upper=0.8),
            RobustScaler(inputCol="raw", outputCol="only_centred", withCentering=True, withScaling=False),
        ),
        "standard-scaler": of_vectors(
            DENSE,
            StandardScaler(inputCol="raw", outputCol="scaled"),
            StandardScaler(inputCol="raw", outputCol="centred", withMean=True),
            StandardScaler(inputCol="raw", outputCol="only_centred", withMean=True, withStd=False),
        ),
        "standard-scaler-alone": of_vector(DENSE, StandardScaler(inputCol="raw", outputCol="features", withMean=True)),
        "min-max-scaler": of_vector(DENSE, MinMaxScaler(inputCol="raw", outputCol="features", min=-1.0, max=3.0)),
        "normalizer": of_vectors(
            DENSE,
            *[Normalizer(inputCol="raw", outputCol=f"norm_{int(p * 10)}", p=p) for p in (1.0, 2.0, 3.5)],
            Normalizer(inputCol="raw", outputCol="norm_inf", p=float("inf")),
        ),
        "normalizer-sparse": of_vector(SPARSE, Normalizer(inputCol="raw", outputCol="features")),
        "elementwise-product": of_vectors(
            DENSE,
            ElementwiseProduct(
                inputCol="raw", outputCol="by_dense", scalingVec=Vectors.dense(2, 0.1, -3, 0, 1, 1e-3, 7)
            ),
            ElementwiseProduct(inputCol="raw", outputCol="by_sparse", scalingVec=Vectors.sparse(7, {1: 0.3, 4: -1.7})),
        ),
        # Categories.
        "string-indexer-error": indexed("error", dropLast=False),
        "string-indexer-skip": indexed("skip"),
        "string-indexer-keep": indexed("keep", handleInvalid="keep"),
        "string-indexer-single": Case(
            ["channel"],
            [
                StringIndexer(
                    inputCol="channel", outputCol="index", stringOrderType="alphabetDesc", handleInvalid="keep"
                ),
                assembler(["index"]),
                regression(),
            ],
        ),
        "string-indexer-single-skip": Case(
            ["channel"],
            [
                StringIndexer(inputCol="channel", outputCol="index", handleInvalid="skip"),
                assembler(["index"]),
                regression(),
            ],
        ),
        "one-hot-encoder-error": encoded(),
        "one-hot-encoder-keep": encoded(handleInvalid="keep"),
        "one-hot-encoder-keep-all": encoded(handleInvalid="keep", dropLast=False),
        **{
            f"vector-indexer-{handle_invalid}": of_vector(
                ["tx_amount", "hour", "fee", "is_night"],
                VectorIndexer(inputCol="raw", outputCol="features", maxCategories=24, handleInvalid=handle_invalid),
            )
            for handle_invalid in ("error", "skip", "keep")
        },
        # Missing values and buckets.
        "imputer-mean": imputed(),
        "imputer-median": imputed(strategy="median", missingValue=0.0),
        "imputer-mode": imputed(strategy="mode", missingValue=0.5),
        "imputer-in-place": imputed_in_place(),
        "imputer-of-doubles": Case(
            ["tx_amount", "chargebacks"],
            [
                Imputer(inputCols=["tx_amount", "chargebacks"], outputCols=["amount", "back"], strategy="median"),
                assembler(["amount", "back"]),
                regression(),
            ],
        ),
        "vector-assembler-error": predicting(DENSE, regression(), handle_invalid="error"),
        "vector-assembler-skip": predicting(DENSE, regression(), handle_invalid="skip"),
        "quantile-discretizer-error": bucketed("error"),
        "quantile-discretizer-skip": bucketed("skip"),
        "quantile-discretizer-keep": bucketed("keep"),
        "quantile-discretizer-single": Case(
            ["tx_amount"],
            [
                QuantileDiscretizer(inputCol="tx_amount", outputCol="bucket", numBuckets=7, handleInvalid="keep"),
                assembler(["bucket"]),
                regression(),
            ],
        ),
        "binarizer": Case(
            DENSE,
            [
                Binarizer(
                    inputCols=["tx_amount", "terminal_id_risk_30day_window"],
                    outputCols=["dear", "risky"],
                    thresholds=[50.0, 0.0],
                ),
                Binarizer(inputCol="customer_id_avg_amount_7day_window", outputCol="rich", threshold=40.0),
                assembler(DENSE, "raw"),
                Binarizer(inputCol="raw", outputCol="above", threshold=5.0),
                Binarizer(inputCol="raw", outputCol="above_negative", threshold=-0.5),
                assembler(["dear", "risky", "rich", "above", "above_negative"]),
                regression(),
            ],
        ),
        "binarizer-of-one-column": Case(
            ["tx_amount"],
            [
                Binarizer(inputCol="tx_amount", outputCol="dear", threshold=50.0),
                assembler(["tx_amount", "dear"]),
                regression(),
            ],
        ),
        # Other vectors of a vector.
        "vector-slicer": of_vectors(
            DENSE,
            VectorSlicer(inputCol="raw", outputCol="by_index", indices=[4, 1, 0]),
            VectorSlicer(inputCol="raw", outputCol="by_name", indices=[6], names=[DENSE[3], DENSE[0]]),
        ),
        "vector-slicer-sparse": of_vector(
            SPARSE, VectorSlicer(inputCol="raw", outputCol="features", indices=[5, 2, 1, 3])
        ),
        "pca": of_vector(DENSE, PCA(inputCol="raw", outputCol="features", k=5)),
        "pca-sparse": of_vector(SPARSE, PCA(inputCol="raw", outputCol="features", k=3)),
        "polynomial-expansion": of_vector(
            DENSE[:4], PolynomialExpansion(inputCol="raw", outputCol="features", degree=3)
        ),
        "polynomial-expansion-sparse": of_vector(
            SPARSE, PolynomialExpansion(inputCol="raw", outputCol="features", degree=2)
        ),
        "interaction": Case(
            [*DENSE[:3], "hour", "channel"],
            [
                StringIndexer(inputCol="channel", outputCol="channel_index", handleInvalid="keep"),
                assembler([*DENSE[:3], "channel_index"], "raw"),
                Interaction(inputCols=["hour", "channel_index", "raw"], outputCol="features"),
                regression(),
            ],
        ),
        "univariate-feature-selector": of_vectors(
            DENSE,
            UnivariateFeatureSelector(
                featuresCol="raw", outputCol="top", labelCol="is_dear", selectionMode="numTopFeatures"
            )
            .setFeatureType("continuous")
            .setLabelType("categorical")
            .setSelectionThreshold(3),
            VarianceThresholdSelector(featuresCol="raw", outputCol="varied", varianceThreshold=10.0),
            ChiSqSelector(featuresCol="raw", outputCol="related", labelCol="is_dear", numTopFeatures=4),
        ),
        "chi-squared-selector": of_vector(
            DENSE, ChiSqSelector(featuresCol="raw", outputCol="features", labelCol="is_dear", numTopFeatures=4)
        ),
        "variance-threshold-selector-sparse": of_vector(
            SPARSE, VarianceThresholdSelector(featuresCol="raw", outputCol="features", varianceThreshold=1.0)
        ),
        # Classifiers.
        "multinomial-regression": predicting(DENSE, regression(**MULTINOMIAL)),
        "multinomial-regression-sparse": predicting(
            SPARSE, regression(**MULTINOMIAL, thresholds=[0.3, 0.2, 0.5], regParam=0.05, elasticNetParam=1.0)
        ),
        "multinomial-regression-two-classes": predicting(DENSE, regression(family="multinomial")),
        "binomial-regression-sparse": predicting(SPARSE, regression(regParam=0.02, elasticNetParam=1.0, threshold=0.4)),
        "multinomial-naive-bayes": naive_bayes("multinomial", DENSE),
        "multinomial-naive-bayes-sparse": naive_bayes("multinomial", SPARSE),
        "complement-naive-bayes": naive_bayes("complement", DENSE),
        "gaussian-naive-bayes": naive_bayes("gaussian", DENSE),
        "bernoulli-naive-bayes": naive_bayes(
            "bernoulli", DENSE, Binarizer(inputCol="raw", outputCol="features", threshold=20.0)
        ),
        "bernoulli-naive-bayes-odd": naive_bayes("bernoulli", ["is_weekend", "is_night"]),
        "multilayer-perceptron": Case(
            DENSE,
            [
                assembler(DENSE, "raw"),
                StandardScaler(inputCol="raw", outputCol="features", withMean=True),
                MultilayerPerceptronClassifier(labelCol="price_class", layers=[7, 9, 5, 3], maxIter=20, seed=1),
            ],
        ),
        "factorization-machine": predicting(DENSE, FMClassifier(labelCol="is_dear", factorSize=4, maxIter=5, seed=1)),
        "factorization-machine-sparse": predicting(
            SPARSE, FMClassifier(labelCol="is_dear", factorSize=3, maxIter=5, seed=1, fitLinear=False)
        ),
        "linear-svc": predicting(DENSE, LinearSVC(labelCol="is_dear", maxIter=5, threshold=0.1)),
        "linear-svc-sparse": predicting(SPARSE, LinearSVC(labelCol="is_dear", maxIter=5, rawPredictionCol="")),
        "boosted-trees": predicting(DENSE, GBTClassifier(labelCol="is_dear", maxIter=7, maxDepth=3, seed=1)),
        "decision-tree-of-three-classes": predicting(DENSE, DecisionTreeClassifier(labelCol="price_class", maxDepth=4)),
        "random-forest-of-three-classes": predicting(
            DENSE,
            RandomForestClassifier(labelCol="price_class", numTrees=5, maxDepth=4, seed=1).setThresholds(
                [0.5, 0.2, 0.3]
            ),
        ),
    }
