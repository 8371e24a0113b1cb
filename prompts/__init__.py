"""The catalogue of spoken texts, one YAML file a language: id -> text. Holds data alone."""
